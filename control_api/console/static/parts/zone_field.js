import { html, useId } from "../core/ui.js";
import { TextField } from "./fields.js";

/** The time zone of this browser. */
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The name of a time zone, such as Asia/Kolkata; known ones are proposed. */
export function ZoneField(props) {
  const list = useId();
  return html`
    <${TextField} list=${list} autocomplete="off" spellcheck=${false} ...${props} />
    <datalist id=${list}>
      ${Intl.supportedValuesOf("timeZone").map((zone) => html`<option key=${zone} value=${zone}></option>`)}
    </datalist>`;
}
