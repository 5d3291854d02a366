// A voice of one's own, made of a recording.

import { upload } from "../../core/api.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { TextField } from "../../parts/fields.js";
import { useSubmit } from "../../parts/form.js";
import { SoundField } from "../../parts/sound_field.js";
import { Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";

const FIELDS = ["name", "language", "description", "consent_owner", "reference_audio"];
const SECONDS = [10, 60]; // of the reference

export function VoiceForm({ onSaved, onClose }) {
  const [draft, setDraft] = useState({ name: "", language: navigator.language, description: "", consent_owner: "" });
  const [sound, setSound] = useState(null);
  const [isMissing, setMissing] = useState(false);
  const { submit, busy, errors, trouble } = useSubmit(FIELDS, "name");
  const field = (name) => ({ value: draft[name], error: errors[name], onInput: (value) => setDraft({ ...draft, [name]: value }) });
  const submitted = async (event) => {
    event.preventDefault();
    setMissing(!sound);
    if (!sound) return;
    const form = new FormData();
    for (const [name, value] of Object.entries(draft)) if (value || name !== "consent_owner") form.append(name, value);
    form.append("reference_audio", sound, sound.name);
    await submit(async () => {
      const made = await upload("/models/speakers", form);
      toast(t("voices.made", made));
      onSaved(made);
    });
  };
  const missing = isMissing && !sound ? t("voices.sound_required", { field: t("voices.reference") }) : undefined;
  return html`<${Dialog} open title=${t("voices.new")} onClose=${onClose}>
    <form class="form" onSubmit=${submitted}>
      <${Problem} error=${trouble} />
      <${TextField} label=${t("voices.name")} autofocus hint=${t("voices.name_hint")} required maxlength="64" autocomplete="off" ...${field("name")} />
      <${TextField} label=${t("voices.language")} hint=${t("voices.language_hint")} required maxlength="20" ...${field("language")} />
      <${TextField} label=${t("voices.description")} ...${field("description")} />
      <${TextField} label=${t("voices.owner")} hint=${t("voices.owner_hint")} maxlength="200" ...${field("consent_owner")} />
      <${SoundField} label=${t("voices.reference")} hint=${t("voices.reference_hint")} prompt=${t("voices.prompt")} seconds=${SECONDS}
        value=${sound} onInput=${setSound} error=${errors.reference_audio ?? missing} />
      <footer class="dialog-foot">
        <${Button} onClick=${onClose}>${t("common.cancel")}<//>
        <${Button} kind="primary" type="submit" busy=${busy}>${t("voices.make")}<//>
      </footer>
    </form>
  <//>`;
}
