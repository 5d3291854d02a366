// Campaigns and inbound lines.

import { get } from "../../core/api.js";
import { ago, number, percent, phone } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { href, setQuery } from "../../core/router.js";
import { t, word } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { SelectField } from "../../parts/fields.js";
import { Page } from "../../parts/page.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Pager, Table } from "../../parts/table.js";
import { Tabs } from "../../parts/tabs.js";
import { MovesMenu } from "./flow_moves.js";
import { State } from "./flow_state.js";

const SIZE = 25;
const STATES = {
  outbound: ["draft", "scheduled", "active", "paused", "completed", "cancelled"],
  inbound: ["draft", "active", "paused"],
};

export default function Flows({ query }) {
  const kind = query.kind === "inbound" ? "inbound" : "outbound";
  const page = Math.max(1, Number(query.page) || 1);
  const wanted = { kind, status: query.status, include_metrics: true, limit: SIZE, offset: (page - 1) * SIZE };
  const flows = useResource((options) => get("/flows", wanted, options), [kind, query.status, page], { every: 15_000 });
  const create = html`<${Button} kind="primary" href=${href(NEW[kind])}>${t(`flows.new_${kind}`)}<//>`;
  const tabs = [
    { id: "outbound", title: t("flows.outbound") },
    { id: "inbound", title: t("flows.inbound") },
  ];
  return html`<${Page} title=${t("flows.title")} lead=${t(`flows.lead_${kind}`)} actions=${create}>
    <${Tabs}
      label=${t("flows.title")}
      items=${tabs}
      active=${kind}
      onPick=${(id) => setQuery({ kind: id === "inbound" ? id : null, status: null, page: null })}
    />
    <div class="filters">
      <${SelectField}
        label=${t("flows.state")}
        value=${query.status ?? ""}
        blank=${t("flows.any_state")}
        options=${STATES[kind].map((value) => ({ value, label: word(kind === "inbound" ? "flows.line_status" : "flows.status", value) }))}
        onInput=${(status) => setQuery({ status: status || null, page: null })}
      />
    </div>
    <${Loaded} resource=${flows}>
      ${(found) => html`
        <${Table}
          label=${t(`flows.${kind}`)}
          columns=${kind === "inbound" ? lineColumns(flows.reload) : campaignColumns(flows.reload)}
          rows=${found.flows}
          link=${(flow) => href(`/flows/${flow.uuid}`)}
          empty=${nothing(kind, query.status, create)}
        />
        <${Pager} page=${page} pages=${Math.ceil(found.total / SIZE)} onPage=${(to) => setQuery({ page: to })} />
      `}
    <//>
  <//>`;
}

const NEW = { outbound: "/flows/new/campaign", inbound: "/flows/new/inbound" };

function nothing(kind, status, create) {
  if (!status) return html`<${Empty} title=${t(`flows.none_${kind}`)} text=${t(`flows.none_${kind}_text`)} action=${create} />`;
  const all = { label: t("flows.all_states"), onClick: () => setQuery({ status: null }) };
  return html`<${Empty} title=${t("flows.none_in_state")} action=${all} />`;
}

const campaignColumns = (reload) => [
  { key: "name", title: t("flows.name") },
  { key: "status", title: t("flows.state"), render: (flow) => html`<${State} flow=${flow} />` },
  { key: "calls", title: t("flows.calls"), align: "end", render: ({ metrics }) => number(metrics.total_calls) },
  { key: "rate", title: t("flows.connect_rate"), align: "end", render: ({ metrics }) => metrics.total_calls ? percent(metrics.connect_rate) : "–" },
  { key: "talk", title: t("flows.talk"), align: "end", render: ({ metrics }) => metrics.total_calls ? metrics.avg_handle_time : "–" },
  { key: "created_at", title: t("flows.created"), align: "end", render: (flow) => ago(flow.created_at) },
  moves(reload),
];

const lineColumns = (reload) => [
  { key: "name", title: t("flows.name") },
  { key: "status", title: t("flows.state"), render: (flow) => html`<${State} flow=${flow} />` },
  { key: "phone_number", title: t("flows.number"), render: (flow) => phone(flow.phone_number) },
  { key: "today", title: t("flows.today"), align: "end", render: ({ metrics }) => number(metrics.calls_today) },
  { key: "calls", title: t("flows.calls"), align: "end", render: ({ metrics }) => number(metrics.total_calls) },
  { key: "talk", title: t("flows.talk"), align: "end", render: ({ metrics }) => metrics.total_calls ? metrics.avg_handle_time : "–" },
  moves(reload),
];

const moves = (reload) => ({
  key: "moves",
  title: t("flows.moves_title"),
  align: "end",
  render: (flow) => html`<${MovesMenu} flow=${flow} onDone=${reload} />`,
});
