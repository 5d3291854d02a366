// Files that the server makes: fetched with the key, and saved.

import { blob } from "../core/api.js";
import { html, useState } from "../core/ui.js";
import { Button } from "../parts/button.js";
import { toast } from "../parts/toast.js";

export function Download({ path, name, children }) {
  const [busy, setBusy] = useState(false);
  const fetched = async () => {
    setBusy(true);
    try {
      save(await blob(path), name);
    } catch (error) {
      toast(error.detail ?? error.message, "bad");
    }
    setBusy(false);
  };
  return html`<${Button} small busy=${busy} onClick=${fetched}>${children}<//>`;
}

function save(bytes, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(bytes);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may still be reading it
}
