// What was made of a call: summary, success, marks, and what was read out of it.

import { post } from "../../core/api.js";
import { ms, percent } from "../../core/format.js";
import { t, word } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/card.js";
import { Code } from "../../parts/copy.js";
import { toast } from "../../parts/toast.js";

const TONES = { pending: "accent", done: "good", failed: "bad", unavailable: "neutral" };
const SHOWN = ["success", "extraction", "qms_scores", "facts"];
const BEST = 3;

export function CallAnalysis({ call, reload }) {
  const [busy, setBusy] = useState(false);
  const { analysis, key_details: details } = call;
  const rest = Object.fromEntries(Object.entries(details).filter(([name]) => !SHOWN.includes(name)));
  const again = async () => {
    setBusy(true);
    try {
      await post(`/calls/${call.uuid}/analyse`);
      toast(t("calls.asked_again"));
      reload();
    } catch (error) {
      toast(error.detail ?? error.message, "bad");
    } finally {
      setBusy(false);
    }
  };
  const button = call.status === "ended" && html`
    <${Button} scope="voice:calls:write" small busy=${busy || analysis?.status === "pending"} onClick=${again}>${t("calls.analyse_again")}<//>`;
  return html`
    <${Card} title=${t("calls.analysis")} actions=${button} class="call-analysis">
      ${analysis && html`
        <p class="row">
          <${Badge} tone=${TONES[analysis.status]}>${word("calls.analysed", analysis.status)}<//>
          ${analysis.reason && html`<span class="soft small">${analysis.reason}</span>`}
        </p>`}
      <p class=${call.summary ? "" : "soft"}>${call.summary ?? t("calls.no_summary")}</p>
      ${details.success && html`<${Success} success=${details.success} />`}
      ${details.qms_scores && html`<${Scores} scores=${details.qms_scores} />`}
      ${details.extraction && html`<h3>${t("calls.extraction")}</h3><${Pairs} values=${details.extraction} />`}
      ${details.facts && html`<h3>${t("calls.facts")}</h3><${Pairs} values=${flat(details.facts)} />`}
      ${Object.keys(rest).length > 0 && html`<h3>${t("calls.details")}</h3><${Code} value=${rest} label=${t("calls.details")} />`}
    <//>`;
}

function Success({ success }) {
  const { result, why, rubric } = success;
  const tone = result === true ? "good" : result === false ? "bad" : "neutral";
  const told = typeof result === "boolean" ? t(result ? "calls.success" : "calls.no_success") : result ?? t("calls.not_judged");
  return html`
    <h3>${t("calls.success_of", { rubric: rubric ?? "" })}</h3>
    <p class="row"><${Badge} tone=${tone}>${typeof told === "object" ? JSON.stringify(told) : String(told)}<//></p>
    ${why && html`<p class="small">${why}</p>`}`;
}

function Scores({ scores }) {
  return html`
    <h3>${t("calls.scores")}</h3>
    <ul class="scores">
      ${Object.entries(scores).map(([name, mark]) => html`
        <li key=${name}>
          <span>${word("calls.score", name)}</span>
          <meter min="0" max=${BEST} value=${mark ?? 0} aria-label=${word("calls.score", name)}></meter>
          <span class="num">${mark ?? "–"} / ${BEST}</span>
        </li>`)}
    </ul>`;
}

function Pairs({ values }) {
  const written = (value) => value !== null && typeof value === "object" ? JSON.stringify(value) : String(value ?? "–");
  return html`
    <dl class="facts">
      ${Object.entries(values).map(([name, value]) => html`<dt key=${`${name}?`}>${word("calls.fact", name)}</dt><dd key=${name}>${written(value)}</dd>`)}
    </dl>`;
}

/** What is known for certain, in people's units. */
function flat(facts) {
  const { turns, talk_seconds: talk, silence_share: silence, dead_air: silences, answer_latency_ms: latency, opt_out_asked: optOut, ended_reason: _, ...rest } = facts;
  const both = (sides, unit = "") => sides && `${sides.customer ?? 0}${unit} / ${sides.agent ?? 0}${unit}`;
  const shown = {
    ...rest,
    turns: both(turns),
    talk_seconds: both(talk, " s"),
    silence_share: silence === undefined ? undefined : percent(silence),
    dead_air: silences && (silences.times ? t("calls.silences", { n: silences.times, longest: silences.longest }) : t("common.none")),
    answer_latency_ms: latency && `${ms(latency.p50)} / ${ms(latency.p95)}`,
    opt_out_asked: optOut === undefined ? undefined : t(optOut ? "common.yes" : "common.no"),
  };
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined && value !== null && value !== ""));
}
