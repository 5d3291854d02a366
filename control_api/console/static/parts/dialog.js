import { html, signal, useEffect, useId, useRef } from "../core/ui.js";
import { t } from "../core/strings.js";
import { Button } from "./button.js";

/** A <dialog>: Esc closes it, but one without `onClose`; the focus goes back to where it was. */
export function Dialog({ title, open, onClose, wide = false, children }) {
  const own = useRef(null);
  const id = useId();
  useEffect(() => {
    const dialog = own.current;
    if (!open || !dialog) return undefined;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      if (before?.isConnected) before.focus();
    };
  }, [open]);
  if (!open) return null;
  const cancelled = (event) => {
    if (event.target !== own.current) return;
    event.preventDefault();
    onClose?.();
  };
  // A second Esc would close it without asking.
  const pressed = (event) => !onClose && event.key === "Escape" && event.preventDefault();
  return html`
    <dialog ref=${own} class=${wide ? "dialog wide" : "dialog"} aria-labelledby=${id} onCancel=${cancelled} onKeyDown=${pressed}>
      <header class="dialog-head">
        <h2 id=${id}>${title}</h2>
        ${onClose && html`<button type="button" class="icon-button" aria-label=${t("common.close")} onClick=${onClose}>✕</button>`}
      </header>
      ${children}
    </dialog>`;
}

const question = signal(null);

/** Asks before something that cannot be undone. `action` is the word on the button; true if it was pressed. */
export function confirm({ title, text, action, kind = "danger" }) {
  question.value?.answer(false);
  return new Promise((resolve) => {
    const answer = (is) => {
      question.value = null;
      resolve(is);
    };
    question.value = { title, text, action, kind, answer };
  });
}

/** Where confirm() is shown; the shell has one. */
export function Confirmation() {
  const asked = question.value;
  if (!asked) return null;
  return html`
    <${Dialog} title=${asked.title} open onClose=${() => asked.answer(false)}>
      <p>${asked.text}</p>
      <footer class="dialog-foot">
        <${Button} onClick=${() => asked.answer(false)}>${t("common.cancel")}<//>
        <${Button} kind=${asked.kind === "danger" ? "danger" : "primary"} onClick=${() => asked.answer(true)}>${asked.action}<//>
      </footer>
    <//>`;
}
