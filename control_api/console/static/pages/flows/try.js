// Speak with a flow's agent from the browser.

import { startCall } from "../../call/client.js";
import { get } from "../../core/api.js";
import { useResource } from "../../core/resource.js";
import { scopes } from "../../core/session.js";
import { t } from "../../core/strings.js";
import { html, useEffect, useState } from "../../core/ui.js";
import { Notice } from "../../parts/notice.js";
import { Page } from "../../parts/page.js";
import { Loaded } from "../../parts/states.js";
import { crumbs } from "./flow_crumbs.js";
import { TryPanel } from "./try_panel.js";
import { TryWords } from "./try_words.js";

const WRITE = "voice:calls:write";

export default function TryPage({ params }) {
  const flow = useResource((options) => get(`/flows/${params.id}`, null, options), [params.id]);
  const known = flow.data;
  return html`
    <${Page} title=${t("try.title", { name: known?.name ?? "" })} lead=${t("try.lead")} crumbs=${crumbs(known, true)}>
      <${Loaded} resource=${flow}>${() => html`<${Call} flow=${params.id} />`}<//>
    <//>`;
}

function Call({ flow }) {
  const [call, setCall] = useState(null);
  useEffect(() => () => call?.hangUp(), [call]);
  const mayNot = scopes.value.size > 0 && !scopes.value.has(WRITE);
  return html`
    ${mayNot && html`<${Notice} tone="warn"><p>${t("try.no_right")}</p><//>`}
    <div class="try">
      <${TryPanel} call=${call} mayNot=${mayNot} onStart=${(options) => setCall(startCall({ flow, ...options }))} />
      <${TryWords} call=${call} />
    </div>`;
}
