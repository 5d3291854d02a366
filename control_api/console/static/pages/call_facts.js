// The few facts of a call that one wants to see first.

import { get } from "../core/api.js";
import { duration, phone } from "../core/format.js";
import { useResource } from "../core/resource.js";
import { href } from "../core/router.js";
import { t, word } from "../core/strings.js";
import { html } from "../core/ui.js";
import { Card } from "../parts/card.js";
import { CopyButton } from "../parts/copy.js";
import { OutcomeBadge, SentimentBadge, direction, ourNumber } from "./call_marks.js";

export function CallFacts({ call }) {
  const about = useResource(
    async (options) => {
      const [flow, agent, customer] = await Promise.all([
        found("/flows", call.flow_uuid, options),
        found("/agents", call.voice_agent_uuid, options),
        found("/customers", call.customer_uuid, options),
      ]);
      return { flow, agent, customer };
    },
    [call.flow_uuid, call.voice_agent_uuid, call.customer_uuid],
  );
  const { flow, agent, customer } = about.data ?? {};
  const facts = [
    ["outcome", html`<${OutcomeBadge} call=${call} />`],
    ["reason", call.ended_reason && word("calls.reasons", call.ended_reason)],
    ["duration", duration(call.duration)],
    ["sentiment", html`<${SentimentBadge} value=${call.sentiment} />`],
    ["customer", customer && html`<a href=${href(`/contacts/${customer.uuid}`)}>${customer.name}</a>`],
    ["flow", flow && html`<a href=${href(`/flows/${flow.uuid}`)}>${flow.name}</a>`],
    ["agent", agent && html`<a href=${href(`/agents/${agent.uuid}`)}>${agent.name}</a>`],
    ["call_type", direction(call)],
    ["our_number", ourNumber(call) && phone(ourNumber(call))],
    ["language", call.language_detected],
    ["cost", typeof call.cost === "number" && t("calls.credits", { n: call.cost })],
  ].filter(([, value]) => value);
  return html`
    <${Card} class="call-facts">
      <dl class="fact-row">
        ${facts.map(([name, value]) => html`<div key=${name}><dt>${t(`calls.${name}`)}</dt><dd>${value}</dd></div>`)}
        <div><dt>${t("calls.id")}</dt><dd class="fact-id"><span class="mono">${call.uuid.slice(0, 8)}…</span><${CopyButton} text=${call.uuid} /></dd></div>
      </dl>
    <//>`;
}

/** Null for what is deleted, or not for this key to read: the call is shown all the same. */
async function found(path, uuid, options) {
  if (!uuid) return null;
  try {
    return await get(`${path}/${uuid}`, null, options);
  } catch (error) {
    if (error.status === 404 || error.status === 403) return null;
    throw error;
  }
}
