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
const KINDS = ["all", "outbound", "inbound"];
const WRITE = "voice:campaigns:write";
const STATES = {
  all: ["draft", "scheduled", "active", "paused", "completed", "cancelled"],
  outbound: ["draft", "scheduled", "active", "paused", "completed", "cancelled"],
  inbound: ["draft", "active", "paused"],
};

export default function Flows({ query }) {
  const kind = KINDS.includes(query.kind) ? query.kind : "all";
  const page = Math.max(1, Number(query.page) || 1);
  const wanted = { kind: kind === "all" ? null : kind, status: query.status, include_metrics: true, limit: SIZE, offset: (page - 1) * SIZE };
  const flows = useResource((options) => get("/flows", wanted, options), [kind, query.status, page], { every: 15_000 });
  const made = Object.keys(NEW).filter((one) => kind === "all" || kind === one);
  const create = made.map((one) => html`<${Button} key=${one} kind="primary" scope=${WRITE} href=${href(NEW[one])}>${t(`flows.new_${one}`)}<//>`);
  const tabs = KINDS.map((id) => ({ id, title: t(`flows.${id}`) }));
  return html`<${Page} title=${t("flows.title")} lead=${t(`flows.lead_${kind}`)} actions=${create}>
    <${Tabs}
      label=${t("flows.title")}
      items=${tabs}
      active=${kind}
      onPick=${(id) => setQuery({ kind: id === "all" ? null : id, status: null, page: null })}
    />
    <div class="filters">
      <${SelectField}
        label=${t("flows.state")}
        value=${query.status ?? ""}
        blank=${t("flows.any_state")}
        options=${STATES[kind].map((value) => ({ value, label: word(`flows.${STATE_WORDS[kind]}`, value) }))}
        onInput=${(status) => setQuery({ status: status || null, page: null })}
      />
    </div>
    <${Loaded} resource=${flows}>
      ${(found) => html`
        <${Table}
          label=${t(`flows.${kind}`)}
          columns=${COLUMNS[kind](flows.reload)}
          rows=${found.flows}
          link=${(flow) => href(`/flows/${flow.uuid}`)}
          empty=${nothing(kind, query.status, create)}
        />
        <${Pager} page=${page} pages=${Math.ceil(found.total / SIZE)} onPage=${(to) => setQuery({ page: to })} />
      `}
    <//>
  <//>`;
}

const STATE_WORDS = { all: "any_status", outbound: "status", inbound: "line_status" };
const NEW = { outbound: "/flows/new/campaign", inbound: "/flows/new/inbound" };

function nothing(kind, status, create) {
  if (!status) return html`<${Empty} title=${t(`flows.none_${kind}`)} text=${t(`flows.none_${kind}_text`)} action=${create} />`;
  const all = { label: t("flows.all_states"), onClick: () => setQuery({ status: null }) };
  return html`<${Empty} title=${t("flows.none_in_state")} action=${all} />`;
}

const allColumns = (reload) => [
  { key: "name", title: t("flows.name") },
  { key: "kind", title: t("flows.kind"), render: ({ kind }) => word("flows.kinds", kind) },
  { key: "status", title: t("flows.state"), render: (flow) => html`<${State} flow=${flow} />` },
  { key: "phone_number", title: t("flows.number"), render: (flow) => html`<span class="whole">${phone(flow.phone_number)}</span>` },
  { key: "calls", title: t("flows.calls"), align: "end", render: ({ metrics }) => number(metrics.total_calls) },
  { key: "talk", title: t("flows.talk"), align: "end", render: ({ metrics }) => metrics.total_calls ? metrics.avg_handle_time : "–" },
  moves(reload),
];

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

const COLUMNS = { all: allColumns, outbound: campaignColumns, inbound: lineColumns };
