// An agent's initials on its colour. White or black, whichever can be read on it.

import { html } from "../../core/ui.js";

const PLAIN = "#4f46e5"; // of an agent that was given none

export function AgentFace({ agent }) {
  const colour = agent.avatar_color || PLAIN;
  const style = { background: colour, color: isLight(colour) ? "#000" : "#fff" };
  return html`<span class="face" style=${style} aria-hidden="true">${agent.avatar_initials || agent.name.slice(0, 1)}</span>`;
}

/** Of #rgb, #rrggbb or #rrggbbaa, by WCAG's relative luminance: black is read better above 0.18. */
function isLight(colour) {
  const digits = colour.slice(1);
  const pairs = digits.length === 3 ? [...digits].map((digit) => digit + digit) : digits.match(/../g);
  const [red, green, blue] = pairs.slice(0, 3).map((pair) => {
    const share = parseInt(pair, 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18;
}
