// A new API key: its name, what it may do, and for how long.

import { post } from "../../core/api.js";
import { scopes as own } from "../../core/session.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { errorAt } from "../../parts/field_errors.js";
import { CheckField, SelectField, TextField } from "../../parts/fields.js";
import { Form, useSubmit } from "../../parts/form.js";
import { GROUPS, READING, SCOPES } from "./key_scopes.js";

const DAYS = [30, 90, 365];

export function KeyForm({ onDone, onCancel }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState(() => READING.filter((scope) => own.value.has(scope)));
  const [days, setDays] = useState(90);
  const state = useSubmit(["name", "scopes", "expires_in_days"]);
  const wrong = errorAt(state.errors, "scopes");
  const pick = (scope) => (is) => setScopes(SCOPES.filter((one) => (one === scope ? is : scopes.includes(one))));
  const made = () => state.submit(async () => onDone(await post("/api-keys", { name, scopes, expires_in_days: Number(days) || null })));
  const given = (all) => all.filter((scope) => own.value.has(scope)); // nobody gives away what they may not do
  const presets = [["full", given(SCOPES)], ["only_reading", given(READING)], ["nothing", []]];
  return html`
    <${Form} state=${state} onSubmit=${made} onCancel=${onCancel} action=${t("keys.create")}>
      <div class="form-grid">
        <${TextField} label=${t("keys.name")} required maxlength="200" hint=${t("keys.name_hint")} value=${name} onInput=${setName} error=${state.errors.name} />
        <${SelectField} label=${t("keys.expiry")} blank=${t("keys.for_ever")} value=${days} onInput=${setDays} error=${state.errors.expires_in_days}
          options=${DAYS.map((n) => ({ value: n, label: t("keys.days", { n }) }))} />
      </div>
      <fieldset class=${wrong ? "group wrong" : "group"}>
        <legend>${t("keys.scopes")}</legend>
        <p class="hint">${t("keys.scopes_hint")}</p>
        <div class="row">
          ${presets.map(([preset, chosen]) => html`<${Button} key=${preset} small onClick=${() => setScopes(chosen)}>${t(`keys.${preset}`)}<//>`)}
        </div>
        <div class="form-grid">
          ${Object.entries(GROUPS).map(([group, all]) => html`
            <div key=${group} role="group" aria-label=${t(`keys.groups.${group}`)} class="scopes">
              <h3>${t(`keys.groups.${group}`)}</h3>
              ${all.map((scope) => html`<${CheckField} key=${scope} label=${t(`keys.means.${scope}`)} hint=${scope}
                value=${scopes.includes(scope)} disabled=${!own.value.has(scope)} onInput=${pick(scope)} />`)}
            </div>`)}
        </div>
        ${wrong && html`<p class="error" role="alert">${wrong}</p>`}
      </fieldset>
    <//>`;
}
