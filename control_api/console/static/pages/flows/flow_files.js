// Files that the server makes: fetched with the key, and saved.

import { blob } from "../../core/api.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { saveFile } from "../../parts/save_file.js";
import { toast } from "../../parts/toast.js";

export function Download({ path, name, children }) {
  const [busy, setBusy] = useState(false);
  const fetched = async () => {
    setBusy(true);
    try {
      saveFile(await blob(path), name);
    } catch (error) {
      toast(error.detail ?? error.message, "bad");
    }
    setBusy(false);
  };
  return html`<${Button} small busy=${busy} onClick=${fetched}>${children}<//>`;
}
