// Step 4: which numbers it calls from.

import { phone } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { SelectField } from "../../parts/fields.js";
import { Empty, Loaded } from "../../parts/states.js";
import { everyNumber } from "../flows/flow_choices.js";

const STRATEGIES = ["round_robin", "least_used"];

export function NumbersStep({ draft, errors, onChange }) {
  const numbers = useResource(everyNumber);
  const toggle = (id, isOn) =>
    onChange({ phone_numbers: isOn ? [...draft.phone_numbers, id] : draft.phone_numbers.filter((one) => one !== id) });
  const strategies = STRATEGIES.map((value) => ({ value, label: t(`flows.distributions.${value}`) }));
  return html`<${Loaded} resource=${numbers}>
    ${(found) => html`
      ${found.length
        ? html`<fieldset class="choices" aria-describedby=${errors.phone_numbers ? "numbers-error" : "numbers-hint"}>
            <legend>${t("flows.fields.phone_numbers")}</legend>
            ${found.map((one) => html`<label key=${one.uuid} class="choice">
              <input type="checkbox" checked=${draft.phone_numbers.includes(one.uuid)} disabled=${!one.is_active}
                onChange=${(event) => toggle(one.uuid, event.target.checked)} />
              <span class="choice-words"><strong>${phone(one.number)}</strong> <span class="hint">${one.name}${one.is_active ? "" : ` · ${t("flows.number_off")}`}</span></span>
            </label>`)}
          </fieldset>`
        : html`<${Empty} title=${t("flows.no_numbers")} text=${t("flows.no_numbers_text")} />`}
      ${errors.phone_numbers && html`<p class="error" id="numbers-error" role="alert">${errors.phone_numbers}</p>`}
      ${found.length > 0 && html`<p class="hint" id="numbers-hint">${t("flows.numbers_hint", { n: draft.phone_numbers.length })}</p>`}
      ${(draft.phone_numbers.length > 1 || (!draft.phone_numbers.length && found.length > 1)) &&
      html`<${SelectField} label=${t("flows.fields.distribution")} value=${draft.distribution} options=${strategies}
        hint=${t(`flows.${draft.distribution}_hint`)} error=${errors.distribution} onInput=${(distribution) => onChange({ distribution })} />`}
    `}
  <//>`;
}
