import { get } from "../../core/api.js";
import { ago, duration, ms, number, percent } from "../../core/format.js";
import { href } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { may } from "../../core/session.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { CallOutcome, CallStatus, Who, callKind, flowOf, agentOf, otherSide } from "../../parts/call_words.js";
import { Card, Stat } from "../../parts/card.js";
import { Page } from "../../parts/page.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Table } from "../../parts/table.js";
import { FirstSteps } from "./first_steps.js";

const SOON = 5000; // milliseconds between looks at what is live
const LATER = 30000;
const SHOWN = 5;

const today = () => new Date().toISOString().slice(0, 10);

const [CALLS, FLOWS] = ["voice:calls:read", "voice:campaigns:read"];

const liveCalls = (o) => get("/calls/live", { call_type: "all", limit: SHOWN }, o);
const lastHour = (o) => get("/calls/latency", { minutes: 60 }, o);
const running = (o) => get("/flows", { kind: "outbound", status: "active", limit: SHOWN }, o);
const latest = (o) => get("/calls", { limit: 8 }, o);

/** The statistics count a busy line among those that nobody answered. */
async function ofToday(o) {
  const date_from = today();
  const [found, { total: busy }] = await Promise.all([
    get("/calls/statistics", { date_from }, o), get("/calls", { date_from, outcome: "busy", limit: 1 }, o),
  ]);
  return { ...found, busy, no_answer: Math.max(0, found.no_answer - busy) };
}

/** What the key may not read is left out. */
export default function Overview() {
  const steps = [CALLS, FLOWS, "voice:agents:read"];
  return html`
    <${Page} title=${t("overview.title")}>
      ${steps.every(may) && html`<${FirstSteps} />`}
      <${Room} name="today" scope=${CALLS} load=${ofToday} every=${LATER} to="/calls">${Today}<//>
      <div class="grid even">
        <${Room} name="live" scope=${CALLS} load=${liveCalls} every=${SOON} to="/live">${Live}<//>
        <${Room} name="latency" scope=${CALLS} load=${lastHour} every=${LATER} to="/latency">${Latency}<//>
        <${Room} name="campaigns" scope=${FLOWS} load=${running} every=${LATER} to="/flows">${Campaigns}<//>
      </div>
      <${Room} name="recent" scope=${CALLS} load=${latest} every=${LATER} to="/calls">${Recent}<//>
      ${!may(CALLS) && !may(FLOWS) && html`<${Empty} text=${t("overview.nothing")} />`}
    <//>`;
}

const Room = ({ scope, ...room }) => may(scope) && html`<${Shown} ...${room} />`;

function Shown({ name, load, every, to, children }) {
  const resource = useResource(load, [], { every });
  return html`
    <${Card} title=${t(`overview.${name}.title`)} actions=${html`<a class="small" href=${href(to)}>${t(`overview.${name}.more`)}</a>`}>
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
              <a href=${href(`/live/${call.uuid}`)}>${call.customer_name ?? otherSide(call)}</a>
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
      <${Stat} label=${t("overview.today.busy")} value=${number(found.busy)} />
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
    { key: "who", title: t("overview.recent.who"), render: (call) => html`<${Who} call=${call} />` },
    { key: "kind", title: t("overview.recent.kind"), render: callKind },
    { key: "flow", title: t("calls.flow"), render: flowOf },
    { key: "agent", title: t("calls.agent"), render: agentOf },
    { key: "when", title: t("overview.recent.when"), render: (call) => ago(call.started_at) },
    { key: "length", title: t("overview.recent.length"), align: "end", render: (call) => duration(call.duration) },
    { key: "outcome", title: t("overview.recent.outcome"), render: (call) => html`<${CallOutcome} call=${call} />` },
  ];
  return html`<${Table} columns=${columns} rows=${calls} link=${address} label=${t("overview.recent.title")}
    empty=${html`<p class="soft">${t("overview.recent.none")}</p>`} />`;
}

const address = (call) => href(call.ended_at ? `/calls/${call.uuid}` : `/live/${call.uuid}`);
