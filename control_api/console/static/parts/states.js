// What stands where a page has nothing to show: nothing yet, trouble, or not known yet.

import { html } from "../core/ui.js";
import { t } from "../core/strings.js";
import { Button } from "./button.js";

/** Says what is missing and what to do next. `action`: {label, href} or {label, onClick}, or markup. */
export function Empty({ title, text, action }) {
  return html`
    <div class="empty">
      ${title && html`<h2>${title}</h2>`}
      ${text && html`<p>${text}</p>`}
      ${action && (action.label
        ? html`<${Button} kind="primary" href=${action.href} onClick=${action.onClick}>${action.label}<//>`
        : action)}
    </div>`;
}

/** Says what went wrong, in the server's words, and offers to try again. */
export function Problem({ error, retry }) {
  if (!error) return null;
  return html`
    <div class="problem" role="alert">
      <p>${error.detail ?? error.message ?? String(error)}</p>
      ${retry && html`<${Button} small onClick=${retry}>${t("common.retry")}<//>`}
    </div>`;
}

/** As many grey lines as will be there. */
export function Loading({ lines = 4 }) {
  return html`
    <div class="loading" role="status">
      <span class="unseen">${t("common.loading")}</span>
      ${Array.from({ length: lines }, (_, at) => html`<div key=${at} class="bone" aria-hidden="true"></div>`)}
    </div>`;
}

/** A resource of useResource: loading, trouble, or `children(data)`. Old data stays beside a new trouble. */
export function Loaded({ resource, lines, children }) {
  const { data, error, reload } = resource;
  if (data === null && !error) return html`<${Loading} lines=${lines} />`;
  return html`
    <${Problem} error=${error} retry=${reload} />
    ${data !== null && children(data)}`;
}
