import { get } from "../../core/api.js";
import { ago, duration, ms, number, percent } from "../../core/format.js";
import { href } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { CallOutcome, CallStatus, callKind, otherSide } from "../../parts/call_words.js";
import { Card, Stat } from "../../parts/card.js";
import { Page } from "../../parts/page.js";
import { Loaded } from "../../parts/states.js";
import { Table } from "../../parts/table.js";
import { FirstSteps } from "./first_steps.js";

const SOON = 5000; // milliseconds between looks at what is live
const LATER = 30000;
const SHOWN = 5;

const today = () => new Date().toISOString().slice(0, 10);

export default function Overview() {
  const live = useResource((o) => get("/calls/live", { call_type: "all", limit: SHOWN }, o), [], { every: SOON });
  const latency = useResource((o) => get("/calls/latency", { minutes: 60 }, o), [], { every: LATER });
  const statistics = useResource((o) => get("/calls/statistics", { date_from: today() }, o), [], { every: LATER });
  const flows = useResource(
    (o) => get("/flows", { kind: "outbound", status: "active", limit: SHOWN }, o), [], { every: LATER },
  );
  const recent = useResource((o) => get("/calls", { limit: 8 }, o), [], { every: LATER });
  return html`
    <${Page} title=${t("overview.title")}>
      <${FirstSteps} />
      <${Room} title=${t("overview.today.title")} resource=${statistics} to="/calls" more=${t("overview.today.more")}>${Today}<//>
      <div class="grid even">
        <${Room} title=${t("overview.live.title")} resource=${live} to="/live" more=${t("overview.live.all")}>${Live}<//>
        <${Room} title=${t("overview.latency.title")} resource=${latency} to="/latency" more=${t("overview.latency.more")}>${Latency}<//>
        <${Room} title=${t("overview.campaigns.title")} resource=${flows} to="/flows" more=${t("overview.campaigns.more")}>${Campaigns}<//>
      </div>
      <${Room} title=${t("overview.recent.title")} resource=${recent} to="/calls" more=${t("overview.recent.more")}>${Recent}<//>
    <//>`;
}

function Room({ title, resource, to, more, children }) {
  return html`
    <${Card} title=${title} actions=${html`<a class="small" href=${href(to)}>${more}</a>`}>
      <${Loaded} resource=${resource} lines=${3}>${children}<//>
    <//>`;
}

function Live({ calls, total }) {
  return html`
    <div class="stack">
      <p class="stat-value">${t("overview.live.calls", { n: total })}</p>
      ${total === 0 && html`<p class="soft">${t("overview.live.none")}</p>`}
      ${total > 0 && html`
        <ul class="lines">
          ${calls.map((call) => html`
            <li key=${call.uuid}>
              <a href=${href(`/live/${call.uuid}`)}>${otherSide(call)}</a>
              <span class="soft">${ago(call.since)}</span>
              <${CallStatus} status=${call.status} />
            </li>`)}
        </ul>`}
    </div>`;
}

function Latency({ answer, dead_air, interruptions }) {
  if (!answer) return html`<p class="soft">${t("overview.latency.none")}</p>`;
  return html`
    <div class="stats">
      <${Stat} label=${t("overview.latency.p50")} value=${ms(answer.p50)} />
      <${Stat} label=${t("overview.latency.p95")} value=${ms(answer.p95)} />
      <${Stat} label=${t("overview.latency.answers")} value=${number(answer.count)} />
      <${Stat} label=${t("overview.latency.dead_air")} value=${number(dead_air)} />
      <${Stat} label=${t("overview.latency.interruptions")} value=${number(interruptions)} />
    </div>`;
}

function Today(found) {
  return html`
    <div class="stats">
      <${Stat} label=${t("overview.today.calls")} value=${number(found.total_calls)} />
      <${Stat} label=${t("overview.today.connected")} value=${number(found.connected)} hint=${found.total_calls > 0 && percent(found.connect_rate)} />
      <${Stat} label=${t("overview.today.no_answer")} value=${number(found.no_answer)} />
      <${Stat} label=${t("overview.today.voicemail")} value=${number(found.voicemail)} />
      <${Stat} label=${t("overview.today.failed")} value=${number(found.failed)} />
      <${Stat} label=${t("overview.today.mean")} value=${duration(found.avg_duration_seconds)} />
    </div>`;
}

function Campaigns({ flows }) {
  if (!flows.length) return html`<p class="soft">${t("overview.campaigns.none")}</p>`;
  return html`<ul class="lines">${flows.map((flow) => html`<${Campaign} key=${flow.uuid} flow=${flow} />`)}</ul>`;
}

function Campaign({ flow }) {
  const figures = useResource((o) => get(`/flows/${flow.uuid}/analytics`, {}, o), [flow.uuid], { every: SOON });
  const { contacts = 0, waiting = 0, in_flight = 0 } = figures.data?.funnel ?? {};
  const done = contacts - waiting - in_flight;
  return html`
    <li class="stack tight">
      <div class="row apart">
        <a href=${href(`/flows/${flow.uuid}`)}>${flow.name}</a>
        ${figures.data && html`<span class="soft">${t("overview.campaigns.reached", { done: number(done), total: number(contacts) })}</span>`}
      </div>
      <progress max=${contacts || 1} value=${done} aria-label=${flow.name}></progress>
    </li>`;
}

function Recent({ calls }) {
  const columns = [
    { key: "who", title: t("overview.recent.who"), render: otherSide },
    { key: "kind", title: t("overview.recent.kind"), render: callKind },
    { key: "when", title: t("overview.recent.when"), render: (call) => ago(call.started_at) },
    { key: "length", title: t("overview.recent.length"), align: "end", render: (call) => duration(call.duration) },
    { key: "outcome", title: t("overview.recent.outcome"), render: (call) => html`<${CallOutcome} call=${call} />` },
  ];
  return html`<${Table} columns=${columns} rows=${calls} link=${address} label=${t("overview.recent.title")}
    empty=${html`<p class="soft">${t("overview.recent.none")}</p>`} />`;
}

const address = (call) => href(call.ended_at ? `/calls/${call.uuid}` : `/live/${call.uuid}`);
