// What came of the calls that were handed to a queue.

import { get } from "../../core/api.js";
import { ago, duration } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { t, word } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Pager, Table } from "../../parts/table.js";

const EVERY = 15_000; // milliseconds
const LIMIT = 20;
const TONES = { initiated: "accent", offered: "accent", accepted: "good", failed: "bad" };

export function QueueTransfers({ queue }) {
  const [page, setPage] = useState(1);
  const path = `/queues/${queue.uuid}/transfers`;
  const transfers = useResource(
    (options) => get(path, { limit: LIMIT, offset: (page - 1) * LIMIT }, options), [path, page], { every: EVERY },
  );
  const text = html`${t("queues.no_transfers")} ${t("queues.no_transfers_setup")} <a href=${href("/integrations/telephony/exotel")}>${t("queues.setup_link")}</a>.`;
  return html`<${Card} title=${t("queues.transfers")}>
    <${Loaded} resource=${transfers}>
      ${(found) => html`
        <${Table} label=${t("queues.transfers")} columns=${COLUMNS()} rows=${found.transfers} empty=${html`<${Empty} text=${text} />`}
          link=${(transfer) => href(`/calls/${transfer.call_uuid}`)} />
        <${Pager} page=${page} pages=${Math.ceil(found.total / LIMIT)} onPage=${setPage} />`}
    <//>
  <//>`;
}

const COLUMNS = () => [
  { key: "when", title: t("queues.when"), render: (transfer) => ago(transfer.initiated_at) },
  { key: "status", title: t("queues.outcome"), render: (transfer) => html`<${Badge} tone=${TONES[transfer.status] ?? "warn"}>${word("queues.status", transfer.status)}<//>` },
  { key: "member", title: t("queues.taken_by"), render: takenBy },
  { key: "talked", title: t("queues.talked"), align: "end", render: talked },
  { key: "asked_by", title: t("queues.asked_by"), render: (transfer) => word("queues.by", transfer.asked_by) },
  { key: "agent_brief", title: t("queues.brief"), render: (transfer) => html`<span class="soft small">${transfer.agent_brief}</span>` },
];

const talked = ({ accepted_at: from, ended_at: to }) => (from && to ? duration((new Date(to) - new Date(from)) / 1000) : "–");

function takenBy({ member_name: name, earlier }) {
  return html`<span>${name} ${earlier.length > 0 && html`<span class="soft small">${t("queues.tried", { n: earlier.length })}</span>`}</span>`;
}
