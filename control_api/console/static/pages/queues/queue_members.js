// The human agents of a queue: added, changed, switched on and off, removed.

import { del, get, patch } from "../../core/api.js";
import { phone } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/card.js";
import { confirm } from "../../parts/dialog.js";
import { hoursText } from "../../parts/hours_field.js";
import { Menu } from "../../parts/menu.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Pager, Table } from "../../parts/table.js";
import { toast } from "../../parts/toast.js";
import { MemberForm } from "./queue_member_form.js";

const EVERY = 15_000; // milliseconds
const LIMIT = 50;

/** `onChanged`: whoever shows how many are free wants to know. */
export function QueueMembers({ queue, onChanged }) {
  const [page, setPage] = useState(1);
  const path = `/queues/${queue.uuid}/members`;
  const members = useResource(
    (options) => get(path, { limit: LIMIT, offset: (page - 1) * LIMIT }, options), [path, page], { every: EVERY },
  );
  const [edited, setEdited] = useState(null); // a member, or {} for a new one
  const changed = () => {
    members.reload();
    onChanged();
  };
  const add = html`<${Button} scope="voice:calls:write" small onClick=${() => setEdited({})}>${t("queues.add_member")}<//>`;
  const saved = ({ name }) => {
    setEdited(null);
    toast(t("queues.saved", { name }));
    changed();
  };
  const actions = (member) => html`<${Menu} label=${t("queues.actions", member)} items=${[
    { scope: "voice:calls:write", label: t("common.edit"), onClick: () => setEdited(member) },
    { scope: "voice:calls:write", label: t(member.is_on ? "queues.switch_off" : "queues.switch_on"), onClick: () => toggled(path, member, changed) },
    { scope: "voice:calls:write", label: t("queues.remove"), kind: "danger", onClick: () => removed(path, member, changed) },
  ]} />`;
  const empty = html`<${Empty} title=${t("queues.no_members")} text=${t("queues.no_members_text")}
    action=${{ scope: "voice:calls:write", label: t("queues.add_member"), onClick: () => setEdited({}) }} />`;
  return html`<${Card} title=${t("queues.members")} actions=${members.data?.total > 0 && add}>
    <${Loaded} resource=${members}>
      ${(found) => html`
        <${Table} label=${t("queues.members")} columns=${columns(actions)} rows=${found.members} empty=${empty} onOpen=${setEdited} />
        <${Pager} page=${page} pages=${Math.ceil(found.total / LIMIT)} onPage=${setPage} />`}
    <//>
    ${edited && html`<${MemberForm} queue=${queue} member=${edited.uuid ? edited : undefined} onSaved=${saved} onClose=${() => setEdited(null)} />`}
  <//>`;
}

const columns = (actions) => [
  { key: "name", title: t("queues.member_name") },
  { key: "state", title: t("queues.state"), render: (member) => html`<${State} member=${member} />` },
  { key: "phone", title: t("queues.phone"), render: (member) => html`<span class="num whole">${phone(member.phone)}</span>` },
  { key: "hours", title: t("queues.own_hours"), render: ({ hours }) => [hoursText(hours, t("queues.as_queue")), hours?.timezone].filter(Boolean).join(" ") },
  { key: "calls", title: t("queues.calls"), align: "end", render: (member) => html`<span class="num">${member.calls} / ${member.capacity}</span>` },
  { key: "actions", title: "", align: "end", render: actions },
];

function State({ member }) {
  if (!member.is_on) return html`<${Badge}>${t("queues.off")}<//>`;
  if (member.is_available) return html`<${Badge} tone="good">${t("queues.available")}<//>`;
  if (member.calls >= member.capacity) return html`<${Badge} tone="accent">${t("queues.talking", { n: member.calls })}<//>`;
  return html`<${Badge}>${t("queues.off_duty")}<//>`;
}

async function toggled(path, member, changed) {
  if (!(await attempted(() => patch(`${path}/${member.uuid}`, { is_on: !member.is_on })))) return;
  toast(t(member.is_on ? "queues.switched_off" : "queues.switched_on", { name: member.name }));
  changed();
}

async function removed(path, member, changed) {
  const { name } = member;
  const sure = await confirm({ title: t("queues.remove_title", { name }), text: t("queues.remove_text"), action: t("queues.remove") });
  if (!sure) return;
  if (!(await attempted(() => del(`${path}/${member.uuid}`)))) return;
  toast(t("queues.removed", { name }));
  changed();
}
