// All calls, newest first, by what they were.

import { get } from "../../core/api.js";
import { dateTime, duration } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { href, setQuery } from "../../core/router.js";
import { may } from "../../core/session.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { CallOutcome, Sentiment, Who, agentOf, callKind, flowOf } from "../../parts/call_words.js";
import { SelectField, TextField } from "../../parts/fields.js";
import { Page } from "../../parts/page.js";
import { Empty, Loaded, Problem } from "../../parts/states.js";
import { Pager, Table } from "../../parts/table.js";

const SIZE = 25;
const FILTERS = ["call_type", "outcome", "sentiment", "flow_uuid", "customer_uuid", "date_from", "date_to"];
const CHOICES = {
  call_type: ["inbound", "outbound", "browser"],
  outcome: ["connected", "voicemail", "no-answer", "busy", "failed"],
  sentiment: ["positive", "neutral", "negative"],
};

export default function Calls({ query }) {
  const page = Math.max(Number(query.page) || 1, 1);
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, query[name]]));
  const calls = useResource(
    (options) => get("/calls", { ...wanted, limit: SIZE, offset: (page - 1) * SIZE }, options),
    [JSON.stringify(wanted), page],
    { every: 15_000 },
  );
  const names = useResource(named);
  const live = html`<${Button} href=${href("/live")}>${t("calls.live")}<//>`;
  return html`
    <${Page} title=${t("calls.title")} lead=${t("calls.lead")} actions=${live}>
      <${Filters} query=${query} flows=${names.data?.flows ?? []} />
      <${Problem} error=${names.error} retry=${names.reload} />
      <${Loaded} resource=${calls} lines=${8}>${(found) => html`
        <${Found} found=${found} page=${page} isFiltered=${FILTERS.some((name) => query[name])} names=${names.data} />`}
      <//>
    <//>`;
}

/** What calls name by their ids. A key that may not read them shows the ids' calls all the same. */
async function named(options) {
  const [flows, agents] = await Promise.all([
    may("voice:campaigns:read") ? get("/flows", { limit: 100 }, options) : { flows: [] },
    may("voice:agents:read") ? get("/agents", null, options) : [],
  ]);
  const pairs = [...flows.flows, ...agents].map(({ uuid, name }) => [uuid, name]);
  return { flows: flows.flows, by: Object.fromEntries(pairs) };
}

function Filters({ query, flows }) {
  const set = (name) => (value) => setQuery({ [name]: value || null, page: null });
  const choose = (name) => html`
    <${SelectField} label=${t(`calls.${name}`)} value=${query[name] ?? ""} onInput=${set(name)} blank=${t("common.all")}
      options=${CHOICES[name].map((value) => ({ value, label: t(`calls.is.${value}`) }))} />`;
  return html`
    <div class="filters" role="search" aria-label=${t("calls.filters")}>
      <${TextField} type="date" label=${t("calls.date_from")} value=${query.date_from} max=${query.date_to} onInput=${set("date_from")} data-search />
      <${TextField} type="date" label=${t("calls.date_to")} value=${query.date_to} min=${query.date_from} onInput=${set("date_to")} />
      ${choose("call_type")} ${choose("outcome")} ${choose("sentiment")}
      <${SelectField} label=${t("calls.flow")} value=${query.flow_uuid ?? ""} onInput=${set("flow_uuid")} blank=${t("common.all")}
        options=${flows.map(({ uuid, name }) => ({ value: uuid, label: name }))} />
      ${query.customer_uuid && html`<${Button} small onClick=${() => setQuery({ customer_uuid: null, page: null })}>${t("calls.any_customer")}<//>`}
    </div>`;
}

function Found({ found, page, isFiltered, names }) {
  const { calls, total } = found;
  if (!calls.length && !isFiltered) {
    return html`<${Empty} title=${t("calls.none")} text=${t("calls.none_text")} action=${{ label: t("calls.none_action"), href: href("/agents") }} />`;
  }
  const clear = { label: t("calls.clear"), onClick: () => setQuery(Object.fromEntries([...FILTERS, "page"].map((name) => [name, null]))) };
  const none = html`<${Empty} title=${t("calls.no_match")} text=${t("calls.no_match_text")} action=${clear} />`;
  return html`
    ${total > 0 && html`<p class="soft small" role="status">${t("calls.found", { n: total })}</p>`}
    <${Table} label=${t("calls.title")} columns=${columns(names?.by ?? {})} rows=${calls} link=${(call) => href(`/calls/${call.uuid}`)} empty=${none} />
    <${Pager} page=${page} pages=${Math.ceil(total / SIZE)} onPage=${(to) => setQuery({ page: to > 1 ? to : null })} />`;
}

const columns = (names) => [
  { key: "started_at", title: t("calls.when"), render: (call) => html`<span class="whole">${dateTime(call.started_at)}</span>` },
  { key: "call_type", title: t("calls.call_type"), render: callKind },
  { key: "with", title: t("calls.with"), render: (call) => html`<${Who} call=${call} />` },
  { key: "flow_uuid", title: t("calls.flow"), render: (call) => flowOf({ flow_name: call.flow_name ?? names[call.flow_uuid] }) },
  { key: "voice_agent_uuid", title: t("calls.agent"), render: (call) => agentOf({ agent_name: call.agent_name ?? names[call.voice_agent_uuid] }) },
  { key: "outcome", title: t("calls.outcome"), render: (call) => html`<${CallOutcome} call=${call} />` },
  { key: "sentiment", title: t("calls.sentiment"), render: (call) => html`<${Sentiment} value=${call.sentiment} />` },
  { key: "recording_url", title: t("calls.recording"), render: (call) => call.recording_url ? html`<${Badge}>${t("calls.recorded")}<//>` : "–" },
  { key: "duration", title: t("calls.duration"), align: "end", render: (call) => duration(call.duration) },
];
