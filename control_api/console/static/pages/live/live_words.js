import { ms, duration } from "../../core/format.js";
import { t } from "../../core/strings.js";
import { html, useEffect, useRef } from "../../core/ui.js";
import { Card } from "../../parts/card.js";

const NEAR = 80; // pixels from the end within which a reader goes along

/** A call's story as it grows. Whoever reads at its end is kept there; whoever scrolled back is left in peace. */
export function Words({ story }) {
  const list = useRef(null);
  const goesAlong = useRef(true);
  useEffect(() => {
    if (goesAlong.current) list.current.scrollTop = list.current.scrollHeight;
  }, [story]);
  const scrolled = ({ target }) => {
    goesAlong.current = target.scrollHeight - target.scrollTop - target.clientHeight < NEAR;
  };
  const isEmpty = !story.lines.length && !story.words.agent && !story.words.customer;
  return html`
    <${Card} title=${t("live.call.words")} class="words-card">
      <div class="words" ref=${list} onScroll=${scrolled} tabindex="0" role="region" aria-label=${t("live.call.words")}>
        ${isEmpty && html`<p class="soft">${t("live.call.silence")}</p>`}
        <div role="log" aria-live="polite"><ol>${story.lines.map((line, at) => html`<${Line} key=${at} line=${line} />`)}</ol></div>
        ${["customer", "agent"].map((side) => story.words[side] && html`
          <div key=${side} class="said ${side} passing" aria-hidden="true">
            <span class="said-who">${t(`live.call.${side}`)} · ${t("live.call.speaking")}</span>
            <p>${story.words[side]}</p>
          </div>`)}
        ${story.isSpeaking && !story.words.customer && html`
          <div class="said customer passing" aria-hidden="true"><span class="said-who">${t("live.call.customer")} · ${t("live.call.speaking")}</span><p>…</p></div>`}
      </div>
    <//>`;
}

function Line({ line }) {
  switch (line.kind) {
    case "words":
      return html`
        <li class="said ${line.speaker}">
          <span class="said-who">${t(`live.call.${line.speaker}`)} · ${duration(line.timestamp)}</span>
          <p>${line.text}${line.interrupted && html` <span class="soft small">(${t("live.call.interrupted")})</span>`}</p>
        </li>`;
    case "latency":
      return html`<li class="noted" title=${parts(line)}>${t("live.call.latency", { time: ms(line.on_line * 1000) })}</li>`;
    default:
      return html`<li class=${line.kind === "warning" ? "noted warning" : "noted"}>${line.text}</li>`;
  }
}

const STEPS = ["vad", "transcript", "turn", "first_text", "first_audio", "on_line"];

const parts = (line) => STEPS.filter((step) => line[step] !== null)
  .map((step) => `${t(`live.steps.${step}`)} ${ms(line[step] * 1000)}`).join(", ");
