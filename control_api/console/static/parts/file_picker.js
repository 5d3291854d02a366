// A file, chosen or dropped.

import { bytes } from "../core/format.js";
import { html, useRef, useState } from "../core/ui.js";
import { Button } from "./button.js";

/** `accept` as of <input>. `onFile` is given the File. */
export function FilePicker({ file, accept, label, hint, onFile, disabled }) {
  const own = useRef(null);
  const [isOver, setOver] = useState(false);
  const over = (event) => {
    event.preventDefault();
    setOver(!disabled);
  };
  const dropped = (event) => {
    event.preventDefault();
    setOver(false);
    const [first] = event.dataTransfer.files;
    if (first && !disabled) onFile(first);
  };
  const picked = (event) => {
    const [first] = event.target.files;
    event.target.value = ""; // or the same file could not be chosen again, once it was mended
    if (first) onFile(first);
  };
  return html`
    <div class=${isOver ? "drop over" : "drop"} onDragOver=${over} onDragLeave=${() => setOver(false)} onDrop=${dropped}>
      <input ref=${own} type="file" class="unseen" tabindex="-1" aria-label=${label} accept=${accept} disabled=${disabled} onChange=${picked} />
      ${file && html`<p><strong>${file.name}</strong> <span class="soft">${bytes(file.size)}</span></p>`}
      <${Button} kind=${file ? "plain" : "primary"} disabled=${disabled} onClick=${() => own.current.click()}>${label}<//>
      <p class="hint">${hint}</p>
    </div>`;
}
