// The API key that this tab is signed in with. It is kept for the tab only, and forgotten with it.

import { effect, signal } from "./ui.js";

const KEPT = "vaani.key";
const IN_THE_ADDRESS = /^#key=([\w.-]+)$/;

/** A key that came in the address, or "": it does not stay where it can be read. */
function brought() {
  const found = IN_THE_ADDRESS.exec(location.hash);
  if (!found) return "";
  history.replaceState(null, "", `${location.pathname}#/`);
  return found[1];
}

/** The key, or "" while nobody is signed in. */
export const key = signal(brought() || sessionStorage.getItem(KEPT) || "");

/** Why somebody who was signed in is so no more; "" otherwise. */
export const refusal = signal("");

effect(() => {
  if (key.value) sessionStorage.setItem(KEPT, key.value);
  else sessionStorage.removeItem(KEPT);
});

addEventListener("hashchange", () => {
  const other = brought();
  if (!other) return;
  key.value = ""; // whoever was signed in is so no more
  key.value = other;
  dispatchEvent(new HashChangeEvent("hashchange")); // the router may have looked before
});
