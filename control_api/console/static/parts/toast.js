import { html, signal } from "../core/ui.js";

const SECONDS = { good: 4, bad: 8 };
const shown = signal([]);
let count = 0;

/** A short word about what was done. `kind`: good or bad. */
export function toast(text, kind = "good") {
  const id = ++count;
  shown.value = [...shown.value.slice(-3), { id, text, kind }];
  setTimeout(() => {
    shown.value = shown.value.filter((one) => one.id !== id);
  }, SECONDS[kind] * 1000);
}

/** Where toasts are shown; the shell has one. */
export function Toasts() {
  return html`
    <div class="toasts" role="status" aria-live="polite">
      ${shown.value.map((one) => html`<div key=${one.id} class="toast ${one.kind}">${one.text}</div>`)}
    </div>`;
}
