// One queue: who is there now, its members, and what came of the calls that were handed to it.

import { del, get } from "../../core/api.js";
import { useResource } from "../../core/resource.js";
import { go, href } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Button } from "../../parts/button.js";
import { Card, Stat } from "../../parts/card.js";
import { confirm } from "../../parts/dialog.js";
import { hoursText } from "../../parts/hours_field.js";
import { Page } from "../../parts/page.js";
import { Loaded } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { QueueForm } from "./queue_form.js";
import { QueueMembers } from "./queue_members.js";
import { QueueTransfers } from "./queue_transfers.js";
import { QueueNow } from "./queues.js";

const EVERY = 15_000; // milliseconds

export default function Queue({ params }) {
  const path = `/queues/${params.id}`;
  const queue = useResource((options) => get(path, {}, options), [path], { every: EVERY });
  const [isEditing, setEditing] = useState(false);
  const { data } = queue;
  const saved = ({ name }) => {
    setEditing(false);
    toast(t("queues.saved", { name }));
    queue.reload();
  };
  const actions = data && html`
    <${Button} scope="voice:calls:write" onClick=${() => setEditing(true)}>${t("queues.edit")}<//>
    <${Button} scope="voice:calls:write" kind="danger" onClick=${() => removed(data)}>${t("queues.delete")}<//>`;
  return html`<${Page} title=${data?.name ?? t("queues.title")} lead=${data?.description} actions=${actions}
    crumbs=${[{ title: t("queues.title"), href: href("/queues") }]}>
    <${Loaded} resource=${queue}>
      ${(shown) => html`
        <${Now} queue=${shown} />
        <${QueueMembers} queue=${shown} onChanged=${queue.reload} />
        <${QueueTransfers} queue=${shown} />`}
    <//>
    ${isEditing && html`<${QueueForm} queue=${data} onSaved=${saved} onClose=${() => setEditing(false)} />`}
  <//>`;
}

function Now({ queue }) {
  return html`<${Card}>
    <div class="stats">
      <${Stat} label=${t("queues.now")} value=${html`<${QueueNow} queue=${queue} />`} />
      <${Stat} label=${t("queues.waiting")} value=${queue.waiting} />
      <${Stat} label=${t("queues.hours")} value=${html`<span class="plain">${hoursText(queue.hours, t("queues.always"))}</span>`} hint=${queue.timezone} />
      <${Stat} label=${t("queues.ring")} value=${t("queues.seconds", { n: queue.ring_seconds })} />
      <${Stat} label=${t("queues.wait")} value=${t("queues.seconds", { n: queue.max_wait })} />
    </div>
  <//>`;
}

async function removed(queue) {
  const { name } = queue;
  const sure = await confirm({ title: t("queues.delete_title", { name }), text: t("queues.delete_text"), action: t("queues.delete") });
  if (!sure) return;
  if (!(await attempted(() => del(`/queues/${queue.uuid}`)))) return;
  toast(t("queues.deleted", { name }));
  go("/queues");
}
