import { html } from "../core/ui.js";

/** `kind`: primary, plain or danger. While `busy` it cannot be pressed again. With `href` it is a link that looks alike. */
export function Button({ kind = "plain", busy = false, small = false, href, disabled, type = "button", children, ...rest }) {
  const look = `button ${kind}${small ? " small" : ""}`;
  if (href && !disabled) return html`<a class=${look} href=${href} ...${rest}>${children}</a>`;
  return html`
    <button type=${type} class=${look} disabled=${disabled || busy} aria-busy=${busy || undefined} ...${rest}>
      ${children}
    </button>`;
}
