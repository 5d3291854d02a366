// Step 5: how many calls at once, when, and what is tried again.

import { t, word } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { CheckField, NumberField, SelectField, TextField } from "../../parts/fields.js";
import { WEEK } from "../../parts/hours_field.js";
import { OUTCOMES } from "./campaign_draft.js";
import { zones } from "../flows/flow_times.js";

export function SettingsStep({ draft, errors, onChange }) {
  const field = (name) => ({
    label: t(`flows.fields.${name}`),
    value: draft[name],
    error: errors[name],
    onInput: (value) => onChange({ [name]: value }),
  });
  return html`
    <div class="fields-2">
      <${NumberField} ...${field("max_parallel_calls")} min="1" max="1000" step="1" hint=${t("flows.parallel_hint")} />
      <${NumberField} ...${field("rate_limit_per_number")} min="1" max="600" step="1" hint=${t("flows.rate_hint")} />
      <${NumberField} ...${field("retry_attempts")} min="0" max="10" step="1" hint=${t("flows.retry_hint")} />
      <${TextField} ...${field("retry_delay_minutes")} inputmode="numeric" hint=${t("flows.delay_hint")} />
    </div>
    <${Several} name="retry_on" all=${OUTCOMES} room="flows.outcomes" ...${{ draft, errors, onChange }} />
    <div class="fields-2">
      <${TextField} ...${field("start_date")} type="date" />
      <${TextField} ...${field("end_date")} type="date" />
    </div>
    <${CheckField} ...${field("has_window")} hint=${t("flows.window_hint")} />
    ${draft.has_window &&
    html`<div class="group">
      <div class="fields-3">
        <${TextField} ...${field("start")} type="time" required />
        <${TextField} ...${field("end")} type="time" required hint=${t("flows.end_hint")} />
        <${SelectField} ...${field("timezone")} options=${zones()} />
      </div>
      <${Several} name="days" all=${WEEK} room="flows.weekdays" ...${{ draft, errors, onChange }} />
      <${TextField} ...${field("holidays")} hint=${t("flows.holidays_hint")} placeholder="2026-12-25, 2027-01-01" />
    </div>`}
    ${errors.time_window && html`<p class="error" role="alert">${errors.time_window}</p>`}
  `;
}

function Several({ name, all, room, draft, errors, onChange }) {
  const chosen = draft[name];
  const toggle = (one, isOn) => onChange({ [name]: all.filter((other) => (other === one ? isOn : chosen.includes(other))) });
  return html`<fieldset class="several">
    <legend>${t(`flows.fields.${name}`)}</legend>
    ${all.map((one) => html`<label key=${one}>
      <input type="checkbox" checked=${chosen.includes(one)} onChange=${(event) => toggle(one, event.target.checked)} />
      ${word(room, one)}
    </label>`)}
    ${errors[name] && html`<p class="error" role="alert">${errors[name]}</p>`}
  </fieldset>`;
}
