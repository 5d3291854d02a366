// A secret that the server tells this one time.

import { html } from "../core/ui.js";
import { Button } from "./button.js";
import { CopyButton } from "./copy.js";
import { Dialog } from "./dialog.js";
import { Notice } from "./notice.js";

/** Open while there is a `secret`, until `done` is pressed, the word on its button: neither Esc nor a slip closes it. */
export function ShownOnce({ secret, title, text, done, onClose }) {
  return html`
    <${Dialog} title=${title} open=${Boolean(secret)}>
      <${Notice} tone="warn"><p>${text}</p><//>
      <code class="secret">${secret}</code>
      <footer class="dialog-foot">
        <${CopyButton} text=${secret} />
        <${Button} kind="primary" onClick=${onClose}>${done}<//>
      </footer>
    <//>`;
}
