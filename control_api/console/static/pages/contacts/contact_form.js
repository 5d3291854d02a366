// A contact, new or changed.

import { patch, post } from "../../core/api.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { errorAt } from "../../parts/field_errors.js";
import { CheckField, SelectField, TextArea, TextField } from "../../parts/fields.js";
import { Form, useSubmit } from "../../parts/form.js";
import { PairsField } from "../../parts/pairs_field.js";
import { ZoneField } from "../../parts/zone_field.js";
import { NAMES, body, drawn } from "./contact_draft.js";

const LANGUAGES = ["en", "hi", "hi-en", "ta", "te", "kn", "mr", "bn", "gu", "ml", "pa"];

/** Without a `contact` it makes one. `onDone` is given what the server has now. */
export function ContactForm({ contact, onDone, onCancel }) {
  const [draft, setDraft] = useState(() => drawn(contact));
  const state = useSubmit(NAMES);
  const tied = (name) => ({
    value: draft[name],
    error: errorAt(state.errors, name),
    onInput: (value) => setDraft((before) => ({ ...before, [name]: value })),
  });
  const save = () =>
    state.submit(async () => {
      const told = body(draft, contact);
      onDone(contact ? await patch(`/customers/${contact.uuid}`, told) : await post("/customers", told));
    });
  const languages = LANGUAGES.map((value) => ({ value, label: t(`contacts.languages.${value}`) }));
  return html`
    <${Form} state=${state} onSubmit=${save} onCancel=${onCancel} action=${t(contact ? "contacts.save" : "contacts.create")}>
      <div class="form-grid">
        <${TextField} label=${t("contacts.name")} required maxlength="200" ...${tied("name")} />
        <${TextField} label=${t("contacts.phone")} required type="tel" hint=${t("contacts.phone_hint")} ...${tied("phone")} />
        <${TextField} label=${t("contacts.email")} type="email" ...${tied("email")} />
        <${TextField} label=${t("contacts.tags")} hint=${t("contacts.tags_hint")} ...${tied("tags")} />
        <${SelectField} label=${t("contacts.language")} blank=${t("contacts.language_none")} options=${languages} ...${tied("preferred_language")} />
        <${ZoneField} label=${t("contacts.timezone")} hint=${t("contacts.timezone_hint")} ...${tied("timezone")} />
        <${TextField} label=${t("contacts.external_id")} maxlength="40" ...${tied("external_id")} />
        <${TextField} label=${t("contacts.extension")} maxlength="10" ...${tied("extension")} />
      </div>
      <${CheckField} label=${t("contacts.opted_out_label")} hint=${t("contacts.opted_out_hint")} ...${tied("opted_out")} />
      <${CheckField} label=${t("contacts.recording_label")} hint=${t("contacts.recording_hint")} ...${tied("recording_opt_out")} />
      <${PairsField} label=${t("contacts.metadata")} hint=${t("contacts.metadata_hint", { name: "{{city}}" })} nameLabel=${t("contacts.key")}
        valueLabel=${t("contacts.value")} rows=${draft.metadata} error=${tied("metadata").error} onInput=${tied("metadata").onInput} />
      <details open=${Boolean(tied("assistant_overrides").error) || undefined}>
        <summary>${t("contacts.experts")}</summary>
        <${TextArea} label=${t("contacts.overrides")} hint=${t("contacts.overrides_hint")} rows=${5} class="mono" spellcheck=${false}
          ...${tied("assistant_overrides")} />
      </details>
      ${!contact && html`<${CheckField} label=${t("contacts.overwrite")} ...${tied("overwrite")} />`}
    <//>`;
}
