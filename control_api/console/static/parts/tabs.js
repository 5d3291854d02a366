import { html, useRef } from "../core/ui.js";

/** `items`: [{id, title}]. Arrow keys go from one to the next. The panel below it is the page's own. */
export function Tabs({ items, active, onPick, label }) {
  const list = useRef(null);
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = (items.findIndex((item) => item.id === active) + step + items.length) % items.length;
    onPick(items[at].id);
    list.current.children[at].focus();
  };
  return html`
    <div class="tabs" role="tablist" aria-label=${label} ref=${list} onKeyDown=${move}>
      ${items.map((item) => html`
        <button key=${item.id} type="button" role="tab" aria-selected=${item.id === active ? "true" : "false"}
          tabindex=${item.id === active ? 0 : -1} onClick=${() => onPick(item.id)}>${item.title}</button>`)}
    </div>`;
}
