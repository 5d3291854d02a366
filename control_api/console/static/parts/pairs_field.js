// Names and values as rows: metadata, headers.

import { t } from "../core/strings.js";
import { html, useId } from "../core/ui.js";
import { Button } from "./button.js";

/** `rows` is a list of `[name, value]`, both texts; one without a name counts as none. */
export function PairsField({ label, hint, rows, onInput, error, nameLabel, valueLabel }) {
  const id = useId();
  const set = (at, place, text) =>
    onInput(rows.map((row, one) => (one === at ? row.map((old, two) => (two === place ? text : old)) : row)));
  const cell = (row, at, place, title) => html`
    <input type="text" aria-label="${title} ${at + 1}" placeholder=${title} value=${row[place]} autocomplete="off"
      aria-invalid=${error ? "true" : undefined} onInput=${(event) => set(at, place, event.target.value)} />`;
  return html`
    <fieldset class=${error ? "pairs wrong" : "pairs"} aria-describedby="${id}-said">
      <legend>${label}</legend>
      ${rows.map((row, at) => html`
        <div class="pair" key=${at}>
          ${cell(row, at, 0, nameLabel)}
          ${cell(row, at, 1, valueLabel)}
          <button type="button" class="icon-button" aria-label=${t("contacts.remove_row", { name: row[0] || at + 1 })}
            onClick=${() => onInput(rows.filter((_, one) => one !== at))}>✕</button>
        </div>`)}
      <${Button} small onClick=${() => onInput([...rows, ["", ""]])}>${t("contacts.add_row")}<//>
      <p id="${id}-said" class=${error ? "error" : "hint"}>${error || hint}</p>
    </fieldset>`;
}
