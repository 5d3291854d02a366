// A contact list's name and description.

import { patch, post } from "../../core/api.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { TextArea, TextField } from "../../parts/fields.js";
import { Form, useSubmit } from "../../parts/form.js";

/** Without a `list` it makes one. */
export function ListForm({ list, onDone, onCancel }) {
  const [name, setName] = useState(list?.name ?? "");
  const [description, setDescription] = useState(list?.description ?? "");
  const state = useSubmit(["name", "description"]);
  const told = { name, description };
  const sent = () =>
    state.submit(async () => onDone(await (list ? patch(`/contact-lists/${list.uuid}`, told) : post("/contact-lists", told))));
  return html`
    <${Form} state=${state} onSubmit=${sent} onCancel=${onCancel} action=${t(list ? "contacts.save" : "contacts.list_create")}>
      <${TextField} label=${t("contacts.list_name")} required maxlength="200" value=${name} onInput=${setName} error=${state.errors.name} />
      <${TextArea} label=${t("contacts.list_description")} rows=${3} value=${description} onInput=${setDescription} error=${state.errors.description} />
    <//>`;
}
