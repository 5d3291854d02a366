// One turn's answer: where the time went from the end of what the caller said to the first sound on the line.

import { html } from "../core/ui.js";
import { t } from "../core/strings.js";

const STEPS = [
  ["vad", "vad"],
  ["stt", "transcript"],
  ["turn", "turn"],
  ["llm", "first_text"],
  ["tts", "first_audio"],
  ["wire", "on_line"],
];

/** What each stage added, in seconds, in order: `[{stage, from, to}]`. A stage that was not seen, or overlapped, is left out. */
export function stages(turn) {
  const found = [];
  let from = 0;
  for (const [stage, name] of STEPS) {
    const to = turn[name];
    if (typeof to === "number" && to > from) {
      found.push({ stage, from, to });
      from = to;
    }
  }
  return found;
}

/** `turn`: {vad, transcript, turn, first_text, first_audio, on_line} in seconds since the caller's speech ended, or null.
    `longest`: seconds that fill the whole width, so that turns below one another can be compared. */
export function Waterfall({ turn, longest = 0, legend = false }) {
  const parts = stages(turn);
  const whole = Math.max(longest, turn.on_line ?? 0, parts.at(-1)?.to ?? 0) || 1;
  const told = parts.map(({ stage, from, to }) => t("waterfall.part", { stage: t(`waterfall.${stage}`), ms: millis(to - from) }));
  return html`
    <div class="waterfall">
      <svg class="waterfall-bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img"
        aria-label=${t("waterfall.label", { ms: millis(turn.on_line ?? 0), parts: told.join(", ") })}>
        ${parts.map(({ stage, from, to }, at) => html`
          <rect key=${stage} class=${`stage-${stage}`} x=${(from / whole) * 100} y="0" height="10"
            width=${((to - from) / whole) * 100}><title>${told[at]}</title></rect>`)}
      </svg>
      <span class="waterfall-total">${t("waterfall.ms", { ms: millis(turn.on_line ?? 0) })}</span>
      ${legend && html`<${Legend} />`}
    </div>`;
}

/** Which colour is which stage. */
export function Legend() {
  return html`<ul class="waterfall-legend">
    ${STEPS.map(([stage]) => html`<li key=${stage}><i class=${`stage-${stage}`}></i>${t(`waterfall.${stage}`)}</li>`)}
  </ul>`;
}

const millis = (seconds) => Math.round(seconds * 1000);
