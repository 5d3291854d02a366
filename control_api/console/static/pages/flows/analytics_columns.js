// Attempts by hour, weekday or try: a column for each, its outcomes one above the other, and the share that was connected below.

import { number, percent } from "../../core/format.js";
import { t, word } from "../../core/strings.js";
import { html } from "../../core/ui.js";

const OUTCOMES = ["connected", "voicemail", "no-answer", "busy", "failed"];

/** `shares`: [{name, attempts, connected, outcomes}]. A table to whoever cannot see it. */
export function Columns({ label, shares }) {
  const most = Math.max(1, ...shares.map(({ attempts }) => attempts));
  return html`
    <div class="columns-chart" role="region" tabindex="0" aria-label=${label}>
      <table role="table" aria-label=${label}>
        <thead class="unseen" role="rowgroup">
          <tr role="row">
            ${[label, t("flows.attempts"), t("flows.connect_rate")].map((title) => html`<th key=${title} scope="col" role="columnheader">${title}</th>`)}
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${shares.map((share) => html`<${Column} key=${share.name} share=${share} most=${most} />`)}
        </tbody>
      </table>
    </div>
    <ul class="legend">
      ${OUTCOMES.map((name) => html`<li key=${name}><span class="dot part-${name}" aria-hidden="true"></span>${word("flows.outcomes", name)}</li>`)}
    </ul>
  `;
}

function Column({ share, most }) {
  const { name, attempts, connected, outcomes } = share;
  const told = OUTCOMES.filter((one) => outcomes[one]).map((one) => `${word("flows.outcomes", one)} ${number(outcomes[one])}`);
  const rate = attempts ? connected / attempts : null;
  return html`<tr role="row" title=${[name, ...told].join("\n")}>
    <th scope="row" role="rowheader">${name}</th>
    <td class="column" role="cell">
      <span class="column-bar" style=${{ height: `${(100 * attempts) / most}%` }} aria-hidden="true">
        ${OUTCOMES.filter((one) => outcomes[one]).map((one) => html`<span key=${one} class="part-${one}" style=${{ flexGrow: outcomes[one] }}></span>`)}
      </span>
      <span class="column-n">${attempts ? number(attempts) : ""}</span>
    </td>
    <td class="column-rate" role="cell">${rate === null ? "" : percent(rate)}</td>
  </tr>`;
}
