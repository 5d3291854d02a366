// What is told of a call as it goes on → what a page shows of it.

import { signal } from "../core/ui.js";

// An interruption is seen in the agent's line that it cut: the message of it comes for every word to a silent agent too.
const NOTED = new Set(["transcript", "dead_air", "latency", "keys", "status"]);

/** `told(message)` takes the messages of docs/LIVE.md, in order. */
export function story() {
  const items = signal([]); // messages that stay, oldest first, each with a `number`
  const partials = signal({}); // speaker → words that are still being said
  const isHeld = signal(false); // the agent has paused, for the caller may be speaking
  let count = 0;

  const told = (message) => {
    const { type, speaker } = message;
    if (type === "partial") partials.value = { ...partials.value, [speaker]: message.text };
    if (type === "transcript") partials.value = { ...partials.value, [speaker]: "" };
    if (type === "held") isHeld.value = true;
    if (type === "resumed" || type === "interrupted") isHeld.value = false;
    if (NOTED.has(type)) items.value = [...items.value, { ...message, number: count++ }];
  };
  return { items, partials, isHeld, told };
}
