// How long customers wait for answers: percentiles by stage and provider, and the slowest.

import { get } from "../core/api.js";
import { dateTime, ms, number } from "../core/format.js";
import { useResource } from "../core/resource.js";
import { href, setQuery } from "../core/router.js";
import { t } from "../core/strings.js";
import { html } from "../core/ui.js";
import { Button } from "../parts/button.js";
import { Card, Stat } from "../parts/card.js";
import { Chart } from "../parts/chart.js";
import { Page } from "../parts/page.js";
import { Empty, Loaded } from "../parts/states.js";
import { Table } from "../parts/table.js";

const WINDOWS = { "15m": 15, "1h": 60, "24h": 1440, "7d": 10_080 };

export default function Latency({ query }) {
  const picked = query.window in WINDOWS ? query.window : "1h";
  const found = useResource(
    (options) => get("/calls/latency", { minutes: WINDOWS[picked], flow_uuid: query.flow_uuid }, options),
    [picked, query.flow_uuid],
    { every: 15_000 },
  );
  const choice = html`
    <div class="row" role="group" aria-label=${t("latency.window")}>
      ${Object.keys(WINDOWS).map((name) => html`
        <${Button} key=${name} small aria-pressed=${name === picked ? "true" : "false"} onClick=${() => setQuery({ window: name })}>${t(`latency.windows.${name}`)}<//>`)}
    </div>`;
  return html`
    <${Page} title=${t("latency.title")} lead=${t("latency.lead")} actions=${choice}>
      <${Loaded} resource=${found} lines=${8}>${(told) => html`<${Told} told=${told} />`}<//>
    <//>`;
}

function Told({ told }) {
  const { answer } = told;
  if (!answer) return html`<${Empty} title=${t("latency.none")} text=${t("latency.none_text")} action=${{ label: t("latency.none_action"), href: href("/agents") }} />`;
  return html`
    ${!told.is_whole && html`<p class="soft small">${t("latency.part", { since: dateTime(told.since) })}</p>`}
    <${Card}>
      <div class="stats">
        <${Stat} label=${t("latency.p50")} value=${ms(answer.p50)} hint=${t("latency.answers", { n: answer.count })} />
        <${Stat} label=${t("latency.p95")} value=${ms(answer.p95)} />
        <${Stat} label=${t("latency.p99")} value=${ms(answer.p99)} />
        <${Stat} label=${t("latency.dead_air")} value=${number(told.dead_air)} hint=${t("latency.dead_air_is")} />
        <${Stat} label=${t("latency.interruptions")} value=${number(told.interruptions)} hint=${t("latency.interruptions_are")} />
        <${Stat} label=${t("latency.false_interruptions")} value=${number(told.false_interruptions)} hint=${t("latency.false_interruptions_are")} />
      </div>
    <//>
    <${Card} title=${t("latency.over_time")}>
      <${Chart} label=${t("latency.over_time")} format=${ms} x=${told.over_time.map(({ at }) => new Date(at) / 1000)}
        series=${["p50", "p95"].map((name) => ({ label: t(`latency.${name}`), values: told.over_time.map((one) => one[name]) }))} />
    <//>
    <${Card} title=${t("latency.stages")}>
      <p class="soft small">${t("latency.stages_are")}</p>
      <${Chart} kind="bars" height=${200} label=${t("latency.stages")} format=${ms} labels=${told.stages.map(name)}
        series=${["p50", "p95"].map((percentile) => ({ label: t(`latency.${percentile}`), values: told.stages.map((one) => one[percentile]) }))} />
      <${Table} label=${t("latency.stages")} columns=${stageColumns()} rows=${told.stages} rowKey=${name} />
    <//>
    <${Card} title=${t("latency.slowest")}>
      <${Table} label=${t("latency.slowest")} columns=${slowColumns()} rows=${told.slowest} rowKey=${(slow) => `${slow.call_uuid} ${slow.position}`}
        link=${(slow) => href(`/calls/${slow.call_uuid}`, { turn: slow.position })} />
    <//>`;
}

const name = (stage) => [t(`latency.stage_names.${stage.stage}`), stage.provider].filter(Boolean).join(" · ");

const stageColumns = () => [
  { key: "stage", title: t("latency.stage"), render: (one) => t(`latency.stage_names.${one.stage}`) },
  { key: "provider", title: t("latency.provider"), render: (one) => one.provider ?? "–" },
  ...["p50", "p95", "p99"].map((key) => ({ key, title: t(`latency.${key}`), align: "end", render: (one) => ms(one[key]) })),
  { key: "count", title: t("latency.count"), align: "end", render: (one) => number(one.count) },
];

const slowColumns = () => [
  { key: "at", title: t("latency.at"), render: (slow) => dateTime(slow.at) },
  { key: "call_uuid", title: t("latency.call"), render: (slow) => html`<span class="mono">${slow.call_uuid.slice(0, 15)}…</span>` },
  { key: "position", title: t("latency.turn"), align: "end", render: (slow) => number(slow.position + 1) },
  { key: "total_ms", title: t("latency.waited"), align: "end", render: (slow) => ms(slow.total_ms) },
];
