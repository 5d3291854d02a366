import { word } from "../core/strings.js";
import { html } from "../core/ui.js";
import { Badge } from "../parts/badge.js";

const TONES = { draft: "neutral", scheduled: "accent", active: "good", paused: "warn", completed: "neutral", cancelled: "bad" };
const OUTCOMES = { connected: "good", voicemail: "accent", "no-answer": "neutral", busy: "warn", failed: "bad" };

/** The state of a flow in a word. */
export function State({ flow }) {
  const room = flow.kind === "inbound" ? "flows.line_status" : "flows.status";
  return html`<${Badge} tone=${TONES[flow.status]}>${word(room, flow.status)}<//>`;
}

/** What came of a call; a dash while nothing has. */
export function OutcomeBadge({ outcome }) {
  return outcome ? html`<${Badge} tone=${OUTCOMES[outcome] ?? "neutral"}>${word("flows.outcomes", outcome)}<//>` : "–";
}
