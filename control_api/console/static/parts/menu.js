import { may } from "../core/session.js";
import { html, useEffect, useRef, useState } from "../core/ui.js";

/** A button that opens a few choices. `items`: [{label, onClick, href, kind, disabled, scope}]; those that are false, or not for this key, are left out. */
export function Menu({ label, items, children = "⋯" }) {
  const [open, setOpen] = useState(false);
  const own = useRef(null);
  const allowed = items.filter((item) => item && (!item.scope || may(item.scope)));
  const choices = () => [...own.current.querySelectorAll("[role=menuitem]")];

  useEffect(() => {
    if (!open) return undefined;
    choices()[0]?.focus();
    const outside = (event) => own.current.contains(event.target) || setOpen(false);
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  if (!allowed.length) return null;
  const close = () => {
    setOpen(false);
    own.current.querySelector("button").focus();
  };
  const pressed = (event) => {
    if (!open) return;
    const all = choices();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (event.key === "Tab") setOpen(false);
  };
  return html`
    <div class="menu" ref=${own} onKeyDown=${pressed}>
      <button type="button" class="button plain small" aria-haspopup="menu" aria-expanded=${open ? "true" : "false"}
        aria-label=${label} onClick=${() => setOpen(!open)}>${children}</button>
      ${open && html`
        <div class="menu-list" role="menu" aria-label=${label}>
          ${allowed.map((item) => item.href
            ? html`<a key=${item.label} role="menuitem" class=${item.kind ?? ""} href=${item.href} onClick=${() => setOpen(false)}>${item.label}</a>`
            : html`<button key=${item.label} type="button" role="menuitem" class=${item.kind ?? ""} disabled=${item.disabled}
                onClick=${() => { close(); item.onClick(); }}>${item.label}</button>`)}
        </div>`}
    </div>`;
}
