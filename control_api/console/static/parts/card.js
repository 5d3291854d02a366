import { html } from "../core/ui.js";

export function Card({ title, actions, children, class: more = "" }) {
  return html`
    <section class="card ${more}">
      ${(title || actions) && html`
        <header class="card-head">
          ${title && html`<h2>${title}</h2>`}
          ${actions && html`<div class="actions">${actions}</div>`}
        </header>`}
      ${children}
    </section>`;
}

/** One figure. `href` leads to what it counts. */
export function Stat({ label, value, hint, href }) {
  return html`
    <div class="stat">
      <span class="stat-label">${label}</span>
      ${href ? html`<a class="stat-value" href=${href}>${value}</a>` : html`<span class="stat-value">${value}</span>`}
      ${hint && html`<span class="stat-hint">${hint}</span>`}
    </div>`;
}
