// What was said in a call, with what it stumbled over, and where the time of each answer went.

import { duration as clock, ms } from "../../core/format.js";
import { t } from "../../core/strings.js";
import { html, useEffect, useRef } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Empty } from "../../parts/states.js";
import { Legend, Waterfall } from "../../parts/waterfall.js";

const ENDS = { vad: "vad", stt: "transcript", turn: "turn", llm: "first_text", tts: "first_audio" };

/** `player` is null where there is nothing to hear; `picked` is the position of the turn that the address names. */
export function CallWords({ turns, moments, player, picked }) {
  const box = useRef(null);
  const now = player ? spokenAt(turns, player.at) : null;
  const shown = player?.playing || player?.at ? now : picked;

  useEffect(() => {
    const row = box.current?.querySelector("[data-now]");
    if (!row) return;
    const [outer, inner] = [box.current.getBoundingClientRect(), row.getBoundingClientRect()];
    if (inner.top < outer.top || inner.bottom > outer.bottom) box.current.scrollTop += inner.top - outer.top - outer.height / 3;
  }, [shown]);

  if (!turns.length) return html`<${Card} title=${t("calls.transcript")}><${Empty} text=${t("calls.no_words")} /><//>`;
  const falls = turns.filter((turn) => turn.latency).map((turn) => ({ turn, steps: ends(turn.latency) }));
  const longest = Math.max(...falls.map(({ steps }) => steps.on_line), 0);
  const changed = new Set(falls.filter(({ turn }, place) => providers(turn.latency) !== providers(falls[place - 1]?.turn.latency)).map(({ turn }) => turn));
  const rows = [
    ...turns.map((turn) => ({ at: turn.at, turn })),
    ...moments.filter(({ kind }) => kind !== "interruption").map((moment) => ({ at: moment.at, moment })),
  ].sort((one, other) => one.at - other.at);
  return html`
    <${Card} title=${t("calls.transcript")} class="call-words">
      ${falls.length > 0 && html`<${Legend} />`}
      <ol class="words" ref=${box} tabindex="0" aria-label=${t("calls.transcript")}>
        ${rows.map(({ turn, moment }) => turn
          ? html`<${Line} key=${turn.position} turn=${turn} longest=${longest} isNow=${turn.position === shown} isNew=${changed.has(turn)} player=${player} />`
          : html`<${Stumble} key=${`${moment.kind} ${moment.at}`} moment=${moment} />`)}
      </ol>
    <//>`;
}

function Line({ turn, longest, isNow, isNew, player }) {
  const at = clock(turn.at);
  return html`
    <li class="line ${turn.speaker}" data-now=${isNow || undefined} aria-current=${isNow ? "true" : undefined}>
      ${player
        ? html`<button type="button" class="line-at" aria-label=${t("calls.play_from", { at })} onClick=${() => player.seek(turn.at)}>${at}</button>`
        : html`<span class="line-at">${at}</span>`}
      <div class="line-body">
        <span class="row">
          <span class="line-who">${t(`calls.${turn.speaker}`)}</span>
          ${turn.interrupted && html`<${Badge} tone="bad">${t("calls.interrupted")}<//>`}
        </span>
        <p>${turn.text}</p>
        ${turn.latency?.total_ms && html`<${Waterfall} turn=${ends(turn.latency)} longest=${longest} />
          ${isNew && html`<span class="line-providers">${providers(turn.latency)}</span>`}`}
      </div>
    </li>`;
}

function Stumble({ moment }) {
  const lasted = ms(moment.seconds * 1000);
  return html`
    <li class="stumble ${moment.kind}">
      <span class="line-at">${clock(moment.at)}</span>
      <span>${t(`calls.was_${moment.kind}`, { lasted })}</span>
    </li>`;
}

/** Which turn is being said: the last that has begun. */
function spokenAt(turns, at) {
  return turns.findLast((turn) => turn.at <= at + 0.05)?.position ?? null;
}

/** A latency as the waterfall wants it: when each step was done, in seconds since the customer's last sound. */
function ends(latency) {
  const found = { on_line: (latency.total_ms ?? 0) / 1000 };
  for (const step of latency.steps) {
    if (ENDS[step.stage]) found[ENDS[step.stage]] = (step.start_ms + step.ms) / 1000;
  }
  return found;
}

/** Told where they change. */
function providers(latency) {
  return (latency?.steps ?? []).filter((step) => step.provider).map((step) => `${step.stage} ${step.provider}`).join(" · ");
}
