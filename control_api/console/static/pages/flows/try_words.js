// What is said in a call as it is said, what it stumbled over, and where the time of each answer went.

import { duration } from "../../core/format.js";
import { t, word } from "../../core/strings.js";
import { html, useEffect, useRef } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Empty } from "../../parts/states.js";
import { Legend, Waterfall } from "../../parts/waterfall.js";

export function TryWords({ call }) {
  const box = useRef(null);
  const items = call?.items.value ?? [];
  const partials = Object.entries(call?.partials.value ?? {}).filter(([, text]) => text);
  const longest = Math.max(0, ...items.filter((item) => item.type === "latency").map((item) => item.on_line));
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [items, call?.partials.value]);
  return html`
    <${Card} title=${t("try.transcript")}>
      ${longest > 0 && html`<${Legend} />`}
      ${items.length + partials.length === 0
        ? html`<${Empty} text=${t(call?.state.value === "live" ? "try.listening" : "try.nothing")} />`
        : html`
          <ol class="words" ref=${box} tabindex="0" aria-live="polite" aria-label=${t("try.transcript")}>
            ${items.map((item) => html`<${Item} key=${item.number} item=${item} longest=${longest} />`)}
            ${partials.map(([speaker, text]) => html`<${Line} key=${speaker} speaker=${speaker} text=${text} isPartial />`)}
          </ol>`}
    <//>`;
}

function Item({ item, longest }) {
  switch (item.type) {
    case "transcript":
      return html`<${Line} ...${item} />`;
    case "latency":
      return html`
        <li class="line">
          <span class="line-at">${duration(item.timestamp)}</span>
          <div class="line-body"><${Waterfall} turn=${item} longest=${longest} /></div>
        </li>`;
    case "dead_air":
      return html`<${Stumble} at=${item.timestamp} text=${t("try.dead_air", { seconds: item.seconds })} />`;
    case "keys":
      return html`<${Stumble} at=${item.timestamp} text=${t(`try.keys.${item.speaker}`, { keys: item.keys })} />`;
    default:
      return html`<${Stumble} text=${word("try.statuses", item.status)} />`;
  }
}

const Line = ({ speaker, text, timestamp, interrupted, isPartial }) => html`
  <li class="line ${speaker} ${isPartial ? "partial" : ""}">
    <span class="line-at">${isPartial ? "…" : duration(timestamp)}</span>
    <div class="line-body">
      <span class="row">
        <span class="line-who">${who(speaker)}</span>
        ${interrupted && html`<${Badge} tone="bad">${t("try.interrupted")}<//>`}
      </span>
      <p>${text}</p>
    </div>
  </li>`;

const Stumble = ({ at, text }) => html`
  <li class="stumble"><span class="line-at">${at === undefined ? "" : duration(at)}</span><span>${text}</span></li>`;

const who = (speaker) => t(speaker === "agent" ? "try.agent" : "try.you");
