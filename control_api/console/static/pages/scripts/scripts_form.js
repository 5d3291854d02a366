// A script, written or changed.

import { patch, post } from "../../core/api.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { TextArea, TextField } from "../../parts/fields.js";
import { useSubmit } from "../../parts/form.js";
import { Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";

const FIELDS = ["name", "description", "language_code", "content"];
const NEW = { name: "", description: "", language_code: null, content: "" };

/** `script`: one that is changed, or undefined for a new one. */
export function ScriptForm({ script, onSaved, onClose }) {
  const [draft, setDraft] = useState(() => (script ? Object.fromEntries(FIELDS.map((name) => [name, script[name]])) : NEW));
  const { submit, busy, errors, trouble } = useSubmit(FIELDS);
  const field = (name) => ({ value: draft[name], error: errors[name], onInput: (value) => setDraft({ ...draft, [name]: value }) });
  const submitted = async (event) => {
    event.preventDefault();
    const body = { ...draft, language_code: draft.language_code || null };
    await submit(async () => {
      const { name } = await (script ? patch(`/scripts/${script.uuid}`, body) : post("/scripts", body));
      toast(t(script ? "scripts.saved" : "scripts.created", { name }));
      onSaved();
    });
  };
  return html`<${Dialog} open wide title=${script ? t("scripts.edit", script) : t("scripts.new")} onClose=${onClose}>
    <form class="form" onSubmit=${submitted}>
      <${Problem} error=${trouble} />
      <${TextField} label=${t("scripts.name")} autofocus required maxlength="200" ...${field("name")} />
      <${TextField} label=${t("scripts.description")} ...${field("description")} />
      <${TextField} label=${t("scripts.language")} hint=${t("scripts.language_hint")} maxlength="20" ...${field("language_code")} />
      <${TextArea} label=${t("scripts.content")} hint=${t("scripts.content_hint")} required rows="12" maxlength="100000" ...${field("content")} />
      <footer class="dialog-foot">
        <${Button} onClick=${onClose}>${t("common.cancel")}<//>
        <${Button} scope="voice:campaigns:write" kind="primary" type="submit" busy=${busy}>${t(script ? "scripts.save" : "scripts.create")}<//>
      </footer>
    </form>
  <//>`;
}
