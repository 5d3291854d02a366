import { word } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";

const TONES = { draft: "neutral", scheduled: "accent", active: "good", paused: "warn", completed: "neutral", cancelled: "bad" };

/** The state of a flow in a word. */
export function State({ flow }) {
  const room = flow.kind === "inbound" ? "flows.line_status" : "flows.status";
  return html`<${Badge} tone=${TONES[flow.status]}>${word(room, flow.status)}<//>`;
}
