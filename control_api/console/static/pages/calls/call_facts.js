// The few facts of a call that one wants to see first.

import { getIfThere } from "../../core/api.js";
import { duration, number, phone } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { may } from "../../core/session.js";
import { t, word } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { CallOutcome, Sentiment, callKind, ourNumber } from "../../parts/call_words.js";
import { Card } from "../../parts/card.js";
import { CopyButton } from "../../parts/copy.js";

/** `{flow, agent, customer}` of a call, of which any may be missing: not there any more, or not for this key to read. */
export function useAbout(call) {
  const ids = [call?.flow_uuid, call?.voice_agent_uuid, call?.customer_uuid];
  const about = useResource(
    async (options) => {
      const [flow, agent, customer] = await Promise.all([
        found("/flows", ids[0], "voice:campaigns:read", options),
        found("/agents", ids[1], "voice:agents:read", options),
        found("/customers", ids[2], "voice:contacts:read", options),
      ]);
      return { flow, agent, customer };
    },
    ids,
  );
  return about.data ?? {};
}

export function CallFacts({ call, about: { flow, agent, customer } }) {
  const facts = [
    ["outcome", html`<${CallOutcome} call=${call} />`],
    ["reason", call.ended_reason && word("calls.reasons", call.ended_reason)],
    ["duration", duration(call.duration)],
    ["sentiment", html`<${Sentiment} value=${call.sentiment} />`],
    ["customer", customer && html`<a href=${href(`/contacts/${customer.uuid}`)}>${customer.name}</a>`],
    ["flow", flow && html`<a href=${href(`/flows/${flow.uuid}`)}>${flow.name}</a>`],
    ["agent", agent && html`<a href=${href(`/agents/${agent.uuid}`)}>${agent.name}</a>`],
    ["call_type", callKind(call)],
    ["our_number", ourNumber(call) && phone(ourNumber(call))],
    ["language", call.language_detected],
    ["cost", typeof call.cost === "number" && t("calls.credits", { n: number(call.cost) })],
  ].filter(([, value]) => value);
  return html`
    <${Card} class="call-facts">
      <dl class="fact-row">
        ${facts.map(([name, value]) => html`<div key=${name}><dt>${t(`calls.${name}`)}</dt><dd>${value}</dd></div>`)}
        <div><dt>${t("calls.id")}</dt><dd class="fact-id"><span class="mono">${call.uuid.slice(0, 8)}…</span><${CopyButton} text=${call.uuid} /></dd></div>
      </dl>
    <//>`;
}

const found = (path, uuid, scope, options) => (uuid && may(scope) ? getIfThere(`${path}/${uuid}`, options) : null);
