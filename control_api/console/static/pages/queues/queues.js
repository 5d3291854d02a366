// Queues of human agents, and who in them is free now.

import { get } from "../../core/api.js";
import { useResource } from "../../core/resource.js";
import { go, href } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { hoursText } from "../../parts/hours_field.js";
import { Page } from "../../parts/page.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Pager, Table } from "../../parts/table.js";
import { toast } from "../../parts/toast.js";
import { QueueForm } from "./queue_form.js";

const EVERY = 15_000; // milliseconds
const LIMIT = 50;

export default function Queues({ query }) {
  const page = Math.max(1, Number(query.page) || 1);
  const queues = useResource((options) => get("/queues", { limit: LIMIT, offset: (page - 1) * LIMIT }, options), [page], { every: EVERY });
  const [isMaking, setMaking] = useState(false);
  const create = html`<${Button} scope="voice:calls:write" kind="primary" onClick=${() => setMaking(true)}>${t("queues.new")}<//>`;
  const made = (queue) => {
    toast(t("queues.created", { name: queue.name }));
    go(`/queues/${queue.uuid}`);
  };
  return html`<${Page} title=${t("queues.title")} lead=${t("queues.lead")} actions=${create}>
    <${Loaded} resource=${queues}>
      ${(found) => html`
        <${Table} label=${t("queues.title")} columns=${COLUMNS()} rows=${found.queues} link=${(queue) => href(`/queues/${queue.uuid}`)}
          empty=${html`<${Empty} title=${t("queues.none")} text=${t("queues.none_text")} action=${create} />`} />
        <${Pager} page=${page} pages=${Math.ceil(found.total / LIMIT)} onPage=${(next) => go("/queues", { page: next })} />`}
    <//>
    ${isMaking && html`<${QueueForm} onSaved=${made} onClose=${() => setMaking(false)} />`}
  <//>`;
}

const COLUMNS = () => [
  { key: "name", title: t("queues.name") },
  { key: "now", title: t("queues.now"), render: (queue) => html`<${QueueNow} queue=${queue} />` },
  { key: "members", title: t("queues.members"), align: "end" },
  { key: "waiting", title: t("queues.waiting"), align: "end" },
  {
    key: "hours",
    title: t("queues.hours"),
    render: (queue) => html`<span>${hoursText(queue.hours, t("queues.always"))}${queue.hours && html`<span class="soft"> ${queue.timezone}</span>`}</span>`,
  },
];

/** Whether a call could be handed to it at this moment. */
export function QueueNow({ queue }) {
  if (!queue.members) return html`<${Badge} tone="warn">${t("queues.nobody")}<//>`;
  if (!queue.is_open) return html`<${Badge}>${t("queues.closed")}<//>`;
  if (!queue.available) return html`<${Badge} tone="warn">${t("queues.busy")}<//>`;
  return html`<${Badge} tone="good">${t("queues.free", { n: queue.available })}<//>`;
}
