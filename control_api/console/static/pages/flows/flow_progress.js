// How far a campaign is, live.

import { get } from "../../core/api.js";
import { ago, dateTime, number, percent, timeIn } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { t, word } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Card, Stat } from "../../parts/card.js";
import { Empty, Loading, Problem } from "../../parts/states.js";
import { LatestCalls } from "./flow_latest.js";
import { rate, useProgress } from "./flow_live.js";
import { Shares } from "./flow_shares.js";

const STATES = ["done", "in_call", "dialing", "retry", "pending", "skipped", "cancelled"];
const ALWAYS = ["done", "in_call", "pending"]; // that are told even of nobody
const OUTCOME_SECONDS = 10;
const ETA_SECONDS = 60;

export function FlowProgress({ flow, onChange }) {
  const isActive = flow.status === "active";
  const live = useProgress(flow.uuid, onChange);
  const figures = useResource((options) => get(`/flows/${flow.uuid}/analytics`, {}, options), [flow.uuid, flow.status], {
    every: isActive ? OUTCOME_SECONDS * 1000 : 0,
  });
  const forecast = useResource(
    (options) => (isActive ? get(`/flows/${flow.uuid}/preview`, {}, options) : null),
    [flow.uuid, isActive],
    { every: isActive ? ETA_SECONDS * 1000 : 0 },
  );
  const { progress } = live;
  if (live.error && !progress) return html`<${Problem} error=${live.error} retry=${live.retry} />`;
  if (!progress) return html`<${Loading} lines=${6} />`;
  if (!progress.total && !progress.is_taking_in && !isActive)
    return html`<${Empty} title=${t("flows.not_begun")} text=${t(`flows.not_begun_text.${flow.status}`, { at: dateTime(flow.start_at) })} />`;
  return html`
    ${live.error && html`<${Problem} error=${live.error} retry=${live.retry} />`}
    <${Card} title=${t("flows.contacts_by_state")}>
      <${Bar} progress=${progress} />
      ${isActive && waiting(progress) && html`<p role="status"><strong>${waiting(progress)}</strong></p>`}
    <//>
    <div class="stats card">
      <${Stat} label=${t("flows.in_flight")} value=${number(progress.in_flight)} hint=${t("flows.of_parallel", { n: flow.max_parallel_calls })} />
      <${Stat} label=${t("flows.per_minute")} value=${isActive ? (rate(live) ?? "…") : "–"} hint=${t("flows.per_minute_hint")} />
      <${Stat} label=${t("flows.eta")} value=${isActive ? dateTime(forecast.data?.expected_end) : "–"} hint=${etaHint(isActive, forecast.data)} />
      <${Stat} label=${t("flows.reached")} value=${reached(figures.data)} hint=${t("flows.reached_hint")} />
    </div>
    <div class="grid">
      <${Card} title=${t("flows.by_outcome")}>
        ${figures.error && html`<${Problem} error=${figures.error} retry=${figures.reload} />`}
        ${figures.data ? html`<${Shares} shares=${outcomes(figures.data)} />` : !figures.error && html`<${Loading} />`}
      <//>
      <${Card} title=${t("flows.latest_calls")}>
        <${LatestCalls} flow=${flow} live=${live.calls} empty=${isActive ? waiting(progress) ?? t("flows.no_calls_yet") : t("flows.no_calls_now")} />
      <//>
    </div>
  `;
}

function Bar({ progress }) {
  const { counts, total } = progress;
  const parts = STATES.filter((state) => counts[state] > 0);
  const finished = counts.done + counts.skipped + counts.cancelled;
  const share = total ? finished / total : 0;
  return html`
    <p class="bar-words">
      <strong>${percent(share)}</strong> ${t("flows.of_contacts", { done: number(finished), total: number(total) })}
      ${progress.is_taking_in && html`<span class="hint"> · ${t("flows.taking_in")}</span>`}
    </p>
    <div class="split-bar" role="progressbar" aria-label=${t("flows.progress")} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(share * 100)}>
      ${parts.map((state) => html`<span key=${state} class="part-${state}" style=${{ flexGrow: counts[state] }}></span>`)}
    </div>
    <ul class="legend">
      ${STATES.filter((state) => counts[state] > 0 || ALWAYS.includes(state)).map((state) => html`<li key=${state}>
        <span class="dot part-${state}" aria-hidden="true"></span>${word("flows.contact_states", state)} <b>${number(counts[state])}</b>
      </li>`)}
    </ul>
  `;
}

/** Until when nobody is called, by the clock of those who are waited for; null if nothing is waited for. */
function waiting({ waits_until: until, waits_for: reason, timezone: zone }) {
  if (!until) return null;
  const yours = dateTime(until);
  const there = zone && timeIn(until, zone);
  const why = reason ? t("flows.waits_why", { why: word("flows.waits_for", reason) }) : "";
  if (!there || there === yours) return t("flows.waits", { yours }) + why;
  return t("flows.waits_in", { at: there, zone, yours }) + why;
}

function outcomes({ outcomes: counts }) {
  return Object.entries(counts).map(([name, n]) => ({ name: word("flows.outcomes", name), n, tone: name }));
}

function reached(figures) {
  return figures?.funnel.attempted ? percent(figures.funnel.connected / figures.funnel.attempted) : "–";
}

function etaHint(isActive, forecast) {
  if (!isActive || !forecast) return "";
  if (forecast.expected_end) return ago(forecast.expected_end);
  return t(forecast.starts_at ? "flows.eta_never" : "flows.eta_nobody");
}
