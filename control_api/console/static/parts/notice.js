import { html } from "../core/ui.js";

/** Something to know before reading on. `tone`: neutral, accent, good, warn. */
export function Notice({ title, tone = "neutral", children }) {
  return html`
    <div class="notice ${tone}" role="note">
      ${title && html`<strong>${title}</strong>`}
      ${children}
    </div>`;
}
