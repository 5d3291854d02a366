// What a call was, in a word.

import { t, word } from "../core/strings.js";
import { html } from "../core/ui.js";
import { Badge } from "../parts/badge.js";

const OUTCOMES = { connected: "good", voicemail: "neutral", "no-answer": "warn", busy: "warn", failed: "bad" };
const SENTIMENTS = { positive: "good", neutral: "neutral", negative: "bad" };

export function OutcomeBadge({ call }) {
  if (call.status !== "ended") return html`<${Badge} tone="accent">${word("calls.is", call.status)}<//>`;
  return html`<${Badge} tone=${OUTCOMES[call.outcome]}>${word("calls.is", call.outcome)}<//>`;
}

export function SentimentBadge({ value }) {
  return value ? html`<${Badge} tone=${SENTIMENTS[value]}>${word("calls.is", value)}<//>` : "–";
}

export const direction = (call) => t(`calls.is.${call.call_type}`);

/** Of who is not us. */
export const customerNumber = (call) => (call.call_type === "outbound" ? call.to_number : call.from_number);

export const ourNumber = (call) => (call.call_type === "outbound" ? call.from_number : call.to_number);
