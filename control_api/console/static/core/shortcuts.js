// Keys that do something anywhere.

import { go } from "./router.js";
import { signal } from "./ui.js";

/** g, then one of these, goes there. */
export const PLACES = {
  o: "/", l: "/live", c: "/calls", f: "/flows", a: "/agents", p: "/contacts", q: "/queues", n: "/numbers",
  i: "/integrations", w: "/webhooks", v: "/voices", t: "/latency", k: "/keys", s: "/settings",
};

/** Whether the list of shortcuts is open. */
export const isHelpOpen = signal(false);

const PATIENCE = 1500; // milliseconds between g and the next key
let goingSince = 0;

export function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    const isGoing = event.timeStamp - goingSince < PATIENCE && goingSince > 0;
    goingSince = 0;
    if (isGoing && PLACES[event.key]) go(PLACES[event.key]);
    else if (event.key === "g") goingSince = event.timeStamp;
    else if (event.key === "?") isHelpOpen.value = true;
    else if (event.key === "/") {
      const search = document.querySelector("[data-search]");
      if (!search) return;
      search.focus();
      search.select();
    } else return;
    event.preventDefault();
  });
}
