// A member of a queue, added or changed.

import { patch, post } from "../../core/api.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { CheckField, NumberField, TextField } from "../../parts/fields.js";
import { useSubmit } from "../../parts/form.js";
import { HoursField } from "../../parts/hours_field.js";
import { Problem } from "../../parts/states.js";
import { ZoneField } from "../../parts/zone_field.js";

const FIELDS = ["name", "phone", "capacity", "hours", "is_on"];
const NEW = { name: "", phone: "", capacity: 1, hours: null, is_on: true };

/** `member`: one that is changed, or undefined for a new one. */
export function MemberForm({ queue, member, onSaved, onClose }) {
  const [draft, setDraft] = useState(() => (member ? Object.fromEntries(FIELDS.map((name) => [name, member[name]])) : NEW));
  const { submit, busy, errors, trouble } = useSubmit(FIELDS, "phone");
  const set = (name) => (value) => setDraft({ ...draft, [name]: value });
  const field = (name) => ({ value: draft[name], error: errors[name], onInput: set(name) });
  const path = `/queues/${queue.uuid}/members`;
  const submitted = async (event) => {
    event.preventDefault();
    const body = { ...draft, phone: draft.phone.replace(/[\s()-]/g, "") };
    await submit(async () => onSaved(await (member ? patch(`${path}/${member.uuid}`, body) : post(path, body))));
  };
  const inZone = (timezone) => {
    const { timezone: _, ...hours } = draft.hours;
    setDraft({ ...draft, hours: timezone ? { ...hours, timezone } : hours });
  };
  const title = member ? t("queues.edit_member", member) : t("queues.add_member");
  return html`<${Dialog} open title=${title} onClose=${onClose}>
    <form class="form" onSubmit=${submitted}>
      <${Problem} error=${trouble} />
      <${TextField} label=${t("queues.member_name")} autofocus required maxlength="200" autocomplete="off" ...${field("name")} />
      <${TextField} type="tel" label=${t("queues.phone")} hint=${t("queues.phone_hint")} required autocomplete="off" ...${field("phone")} />
      <${NumberField} label=${t("queues.capacity")} hint=${t("queues.capacity_hint")} required min="1" max="100" step="1" ...${field("capacity")} />
      <${HoursField} label=${t("queues.own_hours")} always=${t("queues.as_queue")} errors=${errors} ...${field("hours")} />
      ${draft.hours && html`<${ZoneField} label=${t("queues.timezone")} hint=${t("queues.own_zone_hint", { zone: queue.timezone })}
        value=${draft.hours.timezone} error=${errors["hours.timezone"]} onInput=${inZone} />`}
      <${CheckField} label=${t("queues.is_on")} hint=${t("queues.is_on_hint")} ...${field("is_on")} />
      <footer class="dialog-foot">
        <${Button} onClick=${onClose}>${t("common.cancel")}<//>
        <${Button} scope="voice:calls:write" kind="primary" type="submit" busy=${busy}>${t(member ? "queues.save" : "queues.add_member")}<//>
      </footer>
    </form>
  <//>`;
}
