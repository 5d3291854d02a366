import { may } from "../core/session.js";
import { html } from "../core/ui.js";

/**
 * `kind`: primary, plain or danger. While `busy` it cannot be pressed again. With `href` it is a link that looks alike.
 * `scope`: what a key must be allowed for it to be there.
 */
export function Button({ kind = "plain", busy = false, small = false, scope, href, disabled, type = "button", children, ...rest }) {
  if (scope && !may(scope)) return null;
  const look = `button ${kind}${small ? " small" : ""}`;
  if (href && !disabled) return html`<a class=${look} href=${href} ...${rest}>${children}</a>`;
  return html`
    <button type=${type} class=${look} disabled=${disabled || busy} aria-busy=${busy || undefined} ...${rest}>
      ${children}
    </button>`;
}
