// The latest calls of a campaign: those of before from the record, those of now from its events.

import { get } from "../../core/api.js";
import { dateTime, duration } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { may } from "../../core/session.js";
import { t } from "../../core/strings.js";
import { html, useEffect } from "../../core/ui.js";
import { CallStatus, Outcome, Who } from "../../parts/call_words.js";
import { Problem } from "../../parts/states.js";
import { Table } from "../../parts/table.js";
import { RECENT } from "./flow_live.js";

const GATHERED = 1000; // milliseconds in which events are gathered until the record is asked who was called

/** `live`: calls as the events tell them, newest first. */
export function LatestCalls({ flow, live, empty }) {
  const known = useResource(
    (options) => (may("voice:calls:read") ? get("/calls", { flow_uuid: flow.uuid, limit: RECENT }, options) : { calls: [] }),
    [flow.uuid],
  );
  const calls = merged(live, known.data?.calls ?? []);
  const isNew = calls.some((call) => !call.started_at);
  useEffect(() => {
    if (!isNew || !may("voice:calls:read")) return undefined;
    const timer = setTimeout(known.reload, GATHERED);
    return () => clearTimeout(timer);
  }, [isNew, known.data]);
  return html`
    <${Problem} error=${known.error} retry=${known.reload} />
    <${Table} label=${t("flows.latest_calls")} columns=${COLUMNS()} rows=${calls}
      link=${(call) => href(call.status === "ended" ? `/calls/${call.uuid}` : `/live/${call.uuid}`)} empty=${empty} />`;
}

function merged(live, known) {
  const recorded = new Map(known.map((call) => [call.uuid, call]));
  const told = live.map(({ call_uuid: uuid, status, outcome, talk_seconds }) => ({
    ...recorded.get(uuid), uuid, status, outcome, duration: talk_seconds ?? recorded.get(uuid)?.duration,
  }));
  const isTold = new Set(told.map(({ uuid }) => uuid));
  const all = [...told, ...known.filter(({ uuid }) => !isTold.has(uuid))];
  return all.sort((a, b) => (b.started_at ?? "9").localeCompare(a.started_at ?? "9")).slice(0, RECENT);
}

const COLUMNS = () => [
  { key: "who", title: t("flows.person"), render: (call) => call.started_at ? html`<${Who} call=${call} />` : "…" },
  { key: "when", title: t("flows.when"), render: (call) => html`<span class="whole">${dateTime(call.started_at)}</span>` },
  { key: "outcome", title: t("flows.outcome"), render: (call) =>
    call.status === "ended" ? html`<${Outcome} outcome=${call.outcome} />` : html`<${CallStatus} status=${call.status} />` },
  { key: "talk", title: t("flows.talk"), align: "end", render: (call) => duration(call.duration) },
];
