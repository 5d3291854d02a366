import { html, useEffect } from "../core/ui.js";
import { t } from "../core/strings.js";

/** A page: its one h1, what can be done with it, and where it stands. `crumbs`: [{title, href}]. */
export function Page({ title, actions, crumbs = [], lead, children }) {
  useEffect(() => {
    document.title = `${title} · Vaani`;
  }, [title]);
  return html`
    <div class="page">
      <header class="page-head">
        ${crumbs.length > 0 && html`
          <nav class="crumbs" aria-label=${t("common.crumbs")}>
            ${crumbs.map((crumb) => html`<a key=${crumb.href} href=${crumb.href}>${crumb.title}</a>`)}
          </nav>`}
        <div class="page-title">
          <h1 tabindex="-1">${title}</h1>
          ${actions && html`<div class="actions">${actions}</div>`}
        </div>
        ${lead && html`<p class="lead">${lead}</p>`}
      </header>
      ${children}
    </div>`;
}
