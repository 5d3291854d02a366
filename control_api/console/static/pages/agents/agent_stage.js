// Who does one stage of a call (hears, thinks, speaks): a provider, and its options as its own schema asks for them.

import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { SelectField } from "../../parts/fields.js";
import { SchemaForm } from "../../parts/schema_form.js";

/** `standard`: what stands for no provider of its own. `errors`: by the path below the stage, such as `options.voice`. */
export function Stage({ providers, choice, standard, onChange, errors }) {
  const chosen = providers.find((provider) => provider.name === choice.provider);
  const options = providers.map(({ name, needs_key }) => ({
    value: name,
    label: needs_key ? t("agents.key_needed", { name }) : name,
  }));
  return html`
    <${SelectField}
      label=${t("agents.provider")}
      value=${choice.provider}
      blank=${standard}
      options=${options}
      hint=${chosen?.needs_key ? t("agents.key_hint") : ""}
      error=${errors.provider}
      onInput=${(provider) => onChange({ provider, options: {} })}
    />
    ${chosen &&
    html`<${SchemaForm}
      key=${chosen.name}
      schema=${chosen.options_schema}
      value=${choice.options}
      errors=${below("options", errors)}
      onChange=${(options) => onChange({ ...choice, options })}
    />`}
  `;
}

/** The errors of the fields under `name`, by the rest of their paths. */
export function below(name, errors) {
  const inner = Object.entries(errors).filter(([path]) => path.startsWith(`${name}.`));
  return Object.fromEntries(inner.map(([path, text]) => [path.slice(name.length + 1), text]));
}
