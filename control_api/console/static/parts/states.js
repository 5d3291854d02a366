// What stands where a page has nothing to show: nothing yet, trouble, or not known yet.

import { html } from "../core/ui.js";
import { t } from "../core/strings.js";
import { Button } from "./button.js";

/** Says what is missing and what to do next. `action`: {label, href} or {label, onClick}, with a scope if it takes one; or markup. */
export function Empty({ title, text, action }) {
  return html`
    <div class="empty">
      ${title && html`<h2>${title}</h2>`}
      ${text && html`<p>${text}</p>`}
      ${action && (action.label
        ? html`<${Button} kind="primary" scope=${action.scope} href=${action.href} onClick=${action.onClick}>${action.label}<//>`
        : action)}
    </div>`;
}

const LACKING = /scopes?:? ([\w:, ]+)/;

/** Says what went wrong, in the server's words, and offers to try again, but where the key may not. */
export function Problem({ error, retry }) {
  if (!error) return null;
  const lacks = error.status === 403 && LACKING.exec(error.detail);
  if (lacks) return html`<div class="problem" role="alert"><p>${t("errors.forbidden", { scope: lacks[1] })}</p></div>`;
  return html`
    <div class="problem" role="alert">
      <p>${error.detail ?? error.message ?? String(error)}</p>
      ${retry && error.status !== 403 && html`<${Button} small onClick=${retry}>${t("common.retry")}<//>`}
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
