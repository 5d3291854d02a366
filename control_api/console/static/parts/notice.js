import { html } from "../core/ui.js";

/** Something to know before reading on. `tone`: neutral, warn. */
export function Notice({ title, tone = "neutral", children }) {
  return html`
    <div class="note ${tone}" role="note">
      ${title && html`<strong>${title}</strong>`}
      ${children}
    </div>`;
}
