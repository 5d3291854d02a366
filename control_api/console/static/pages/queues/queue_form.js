// A queue's own settings, made or changed.

import { patch, post } from "../../core/api.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { NumberField, TextArea, TextField } from "../../parts/fields.js";
import { useSubmit } from "../../parts/form.js";
import { HoursField } from "../../parts/hours_field.js";
import { Problem } from "../../parts/states.js";
import { ownZone, ZoneField } from "../../parts/zone_field.js";

const FIELDS = ["name", "description", "timezone", "hours", "ring_seconds", "max_wait"];

/** `queue`: one that is changed, or undefined for a new one. `onSaved` is given what the server has then. */
export function QueueForm({ queue, onSaved, onClose }) {
  const [draft, setDraft] = useState(() => drafted(queue));
  const { submit, busy, errors, trouble } = useSubmit(FIELDS, "name");
  const field = (name) => ({ value: draft[name], error: errors[name], onInput: (value) => setDraft({ ...draft, [name]: value }) });
  const submitted = async (event) => {
    event.preventDefault();
    await submit(async () => onSaved(await (queue ? patch(`/queues/${queue.uuid}`, draft) : post("/queues", draft))));
  };
  return html`<${Dialog} open wide title=${queue ? t("queues.edit") : t("queues.new")} onClose=${onClose}>
    <form class="form" onSubmit=${submitted}>
      <${Problem} error=${trouble} />
      <${TextField} label=${t("queues.name")} autofocus hint=${t("queues.name_hint")} required pattern="[A-Za-z0-9_]+" maxlength="80" ...${field("name")} />
      <${TextArea} label=${t("queues.description")} hint=${t("queues.description_hint")} rows="2" ...${field("description")} />
      <${HoursField} label=${t("queues.hours")} always=${t("queues.always_open")} errors=${errors} ...${field("hours")} />
      <${ZoneField} label=${t("queues.timezone")} hint=${t("queues.timezone_hint")} required ...${field("timezone")} />
      <div class="grid">
        <${NumberField} label=${t("queues.ring_seconds")} required min="5" max="120" step="1" ...${field("ring_seconds")} />
        <${NumberField} label=${t("queues.max_wait")} hint=${t("queues.max_wait_hint")} required min="5" max="600" step="1" ...${field("max_wait")} />
      </div>
      <footer class="dialog-foot">
        <${Button} onClick=${onClose}>${t("common.cancel")}<//>
        <${Button} kind="primary" type="submit" busy=${busy}>${t(queue ? "queues.save" : "queues.create")}<//>
      </footer>
    </form>
  <//>`;
}

function drafted(queue) {
  if (queue) return Object.fromEntries(FIELDS.map((name) => [name, queue[name]]));
  return { name: "", description: "", timezone: ownZone(), hours: null, ring_seconds: 30, max_wait: 120 };
}
