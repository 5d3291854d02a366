// Which {{variables}} a text asks of a contact.

import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";

export function Variables({ text }) {
  const names = new Set([...text.matchAll(/\{\{\s*([^{}|]+?)\s*(?:\|[^{}]*)?\}\}/g)].map(([, name]) => name));
  if (!names.size) return null;
  return html`<p class="hint">${t("agents.variables")} ${[...names].map((name) => html`<code key=${name}>${name}</code>${" "}`)}</p>`;
}
