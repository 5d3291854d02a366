// The form that connects an account, drawn from the schema of what the server takes.

import { post, put } from "../../core/api.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/card.js";
import { useSubmit } from "../../parts/form.js";
import { SchemaForm } from "../../parts/schema_form.js";
import { Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";

export function ConnectForm({ path, account, name, schema, onChanged }) {
  const fields = Object.keys(schema.properties);
  const [value, setValue] = useState(() => entered(schema, account));
  const [isChecking, setChecking] = useState(false);
  const { submit, busy, errors, trouble } = useSubmit(fields);
  const submitted = async (event) => {
    event.preventDefault();
    const isDone = await submit(() => put(path, value));
    if (!isDone) return;
    toast(t("integrations.saved"));
    setChecking(true);
    await attempted(() => post(`${path}/check`)); // what it said stands with the account
    setChecking(false);
    onChanged();
  };
  return html`<${Card} title=${t(account.is_connected ? "integrations.reconnect" : "integrations.connect")}>
    <form class="form narrow" onSubmit=${submitted}>
      ${account.is_connected && html`<p class="soft">${t("integrations.reconnect_text")}</p>`}
      <${Problem} error=${trouble} />
      <${SchemaForm} schema=${worded(schema)} value=${value} onChange=${setValue} errors=${errors} />
      <div class="row"><${Button} kind="primary" type="submit" busy=${busy || isChecking}>${t("integrations.connect")}<//></div>
    </form>
  <//>`;
}

/** What may be shown of the account that is there; its keys are to be entered anew. */
function entered(schema, account) {
  const open = Object.entries(schema.properties).filter(([name, field]) => !field.writeOnly && account[name]);
  return Object.fromEntries(open.map(([name]) => [name, account[name]]));
}

/** With words for people. Every field is one line, however long it may be. */
function worded(schema) {
  const properties = Object.entries(schema.properties).map(([name, { maxLength: _, ...field }]) => {
    const hint = t(`integrations.hint.${name}`);
    const description = hint === `integrations.hint.${name}` ? field.description : hint;
    return [name, { ...plain(field), title: t(`integrations.field.${name}`), description }];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

function plain({ anyOf, ...field }) {
  return anyOf ? { ...field, anyOf: anyOf.map(({ maxLength: _, ...choice }) => choice) } : field;
}
