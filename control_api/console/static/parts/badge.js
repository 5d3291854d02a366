import { html } from "../core/ui.js";

/** `tone`: neutral, good, warn, bad, accent. The words carry the meaning, the colour only helps. */
export function Badge({ tone = "neutral", children }) {
  return html`<span class="badge ${tone}">${children}</span>`;
}
