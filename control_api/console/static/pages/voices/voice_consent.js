// Whether the owner of a voice agreed to it: shown, recorded, withdrawn.

import { del, post } from "../../core/api.js";
import { dateTime } from "../../core/format.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Button } from "../../parts/button.js";
import { confirm, Dialog } from "../../parts/dialog.js";
import { TextField } from "../../parts/fields.js";
import { useSubmit } from "../../parts/form.js";
import { Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";

export function VoiceConsent({ path, speaker: { name, consent }, onChanged }) {
  const [isAsking, setAsking] = useState(false);
  const withdraw = async () => {
    const asked = { title: t("voices.withdraw_title", { name }), text: t("voices.withdraw_text"), action: t("voices.withdraw") };
    if (!(await confirm(asked))) return;
    if (await attempted(() => del(`${path}/consent`))) toast(t("voices.withdrawn"));
    onChanged();
  };
  const saved = () => {
    setAsking(false);
    toast(t("voices.consent_recorded"));
    onChanged();
  };
  if (consent) {
    return html`<span class="row">
      <span title=${consent.statement}>${t("voices.consented", { owner: consent.owner, time: dateTime(consent.recorded_at) })}</span>
      <${Button} scope="voice:models:write" small onClick=${withdraw}>${t("voices.withdraw")}<//>
    </span>`;
  }
  return html`<span class="row">
      <span class="soft">${t("voices.no_consent")}</span>
      <${Button} scope="voice:models:write" small onClick=${() => setAsking(true)}>${t("voices.record_consent")}<//>
    </span>
    ${isAsking && html`<${ConsentForm} path=${path} onSaved=${saved} onClose=${() => setAsking(false)} />`}`;
}

function ConsentForm({ path, onSaved, onClose }) {
  const [owner, setOwner] = useState("");
  const { submit, busy, errors, trouble } = useSubmit(["owner"], "owner");
  const submitted = async (event) => {
    event.preventDefault();
    await submit(async () => {
      await post(`${path}/consent`, { owner });
      onSaved();
    });
  };
  return html`<${Dialog} open title=${t("voices.record_consent")} onClose=${onClose}>
    <form class="form" onSubmit=${submitted}>
      <${Problem} error=${trouble} />
      <${TextField} label=${t("voices.owner")} autofocus hint=${t("voices.owner_hint")} required maxlength="200" value=${owner}
        error=${errors.owner} onInput=${setOwner} />
      <footer class="dialog-foot">
        <${Button} onClick=${onClose}>${t("common.cancel")}<//>
        <${Button} kind="primary" type="submit" busy=${busy}>${t("voices.record_consent")}<//>
      </footer>
    </form>
  <//>`;
}
