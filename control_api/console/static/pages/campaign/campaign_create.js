// Step 1: what it is called.

import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { TextArea, TextField } from "../../parts/fields.js";

export function CreateStep({ draft, errors, onChange }) {
  return html`
    <${TextField} label=${t("flows.fields.name")} required maxlength="200" value=${draft.name} error=${errors.name}
      hint=${t("flows.name_hint")} onInput=${(name) => onChange({ name })} />
    <${TextArea} label=${t("flows.fields.description")} rows="3" value=${draft.description} error=${errors.description}
      hint=${t("flows.description_hint")} onInput=${(description) => onChange({ description })} />
  `;
}
