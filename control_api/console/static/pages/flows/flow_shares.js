// Shares of a whole as bars with their figures: read as a list, so that nothing hangs on colours.

import { number, percent } from "../../core/format.js";
import { html } from "../../core/ui.js";

/** `shares`: [{name, n, tone?, href?}]; `whole` is their sum, if not told otherwise. */
export function Shares({ shares, whole }) {
  const all = whole ?? shares.reduce((sum, { n }) => sum + n, 0);
  return html`<ul class="shares">
    ${shares.map(({ name, n, tone = "accent" }) => html`<li key=${name}>
      <span class="share-name">${name}</span>
      <span class="share-track" aria-hidden="true"><span class="share-bar part-${tone}" style=${{ width: all ? `${(100 * n) / all}%` : 0 }}></span></span>
      <span class="share-n">${number(n)}</span>
      <span class="share-of">${all ? percent(n / all) : "–"}</span>
    </li>`)}
  </ul>`;
}
