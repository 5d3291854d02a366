// A call's state, outcome and other side, the same on every page.

import { phone } from "../core/format.js";
import { t, word } from "../core/strings.js";
import { html } from "../core/ui.js";
import { Badge } from "./badge.js";

const STATUS = { in_progress: "good", transferring: "accent", ringing: "warn", dialing: "warn" };
const OUTCOME = { connected: "good", voicemail: "accent", "no-answer": "neutral", busy: "warn", failed: "bad" };
const SENTIMENT = { positive: "good", neutral: "neutral", negative: "bad" };

export const CallStatus = ({ status }) => html`<${Badge} tone=${STATUS[status]}>${word("live.statuses", status)}<//>`;

/** What came of a call or an attempt; a dash while nothing has. */
export const Outcome = ({ outcome }) => outcome ? html`<${Badge} tone=${OUTCOME[outcome]}>${word("live.outcomes", outcome)}<//>` : "–";

/** Of a call that is not over, its status. */
export function CallOutcome({ call }) {
  if (!call.ended_at) return html`<${CallStatus} status=${call.status} />`;
  return html`<${Outcome} outcome=${call.outcome} />`;
}

export const Sentiment = ({ value }) => value ? html`<${Badge} tone=${SENTIMENT[value]}>${word("calls.is", value)}<//>` : "–";

export const callKind = (call) => word("live.kinds", call.call_type);

/** The number at the other end, or the browser. */
export function otherSide(call) {
  if (call.call_type === "browser") return t("calls.browser_test");
  return phone(call.call_type === "inbound" ? call.from_number : call.to_number);
}

export const ourNumber = (call) => (call.call_type === "outbound" ? call.from_number : call.to_number);

/** Who it is, by name where that is known; the number below. */
export function Who({ call }) {
  if (!call.customer_name) return html`<span class="whole">${otherSide(call)}</span>`;
  return html`<span class="who" title=${call.customer_name}><span class="cut">${call.customer_name}</span><span class="who-number">${otherSide(call)}</span></span>`;
}

/** What a page about a call is titled: "Asha (+91 …)", "Browser test · Front desk". */
export function callTitle(call) {
  const side = otherSide(call);
  if (call.call_type === "browser") return [side, call.flow_name].filter(Boolean).join(" · ");
  return call.customer_name ? `${call.customer_name} (${side})` : side;
}

const named = (name) => name ? html`<span class="cut" title=${name}>${name}</span>` : "–";

export const flowOf = (call) => named(call.flow_name);
export const agentOf = (call) => named(call.agent_name);
