// A sound of the server's, fetched with the key when it is asked for, and played.

import { blob } from "../core/api.js";
import { t } from "../core/strings.js";
import { html, useEffect, useState } from "../core/ui.js";
import { Button } from "./button.js";

/** `label` is on the button; `about` tells whoever cannot see what it stands beside. */
export function Sound({ path, label, about }) {
  const [{ url, error, busy }, setState] = useState({});
  useEffect(() => () => url && URL.revokeObjectURL(url), [url]);
  const fetched = async () => {
    setState({ busy: true });
    try {
      setState({ url: URL.createObjectURL(await blob(path)) });
    } catch (refused) {
      setState({ error: refused });
    }
  };
  if (url) return html`<audio class="sound" controls autoplay src=${url} aria-label=${about}></audio>`;
  return html`<span class="sound-ask">
    ${error && html`<span class="error" role="alert">${error.detail}</span>`}
    <${Button} small busy=${busy} aria-label=${about} onClick=${fetched}>▶ ${error ? t("common.retry") : label}<//>
  </span>`;
}
