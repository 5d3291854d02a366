// What happened with a contact: the latest calls, and the campaigns that they belong to.

import { get } from "../../core/api.js";
import { ago, dateTime, duration } from "../../core/format.js";
import { href } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t, word } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { CallOutcome, Outcome, callKind } from "../../parts/call_words.js";
import { Card } from "../../parts/card.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Table } from "../../parts/table.js";

const SHOWN = 10; // calls
const TONES = { done: "good", dialing: "accent", in_call: "accent", retry: "warn" };

export function ContactCalls({ contact }) {
  const columns = [
    { key: "started", title: t("contacts.started"), render: (call) => dateTime(call.started_at) },
    { key: "direction", title: t("contacts.direction"), render: callKind },
    { key: "outcome", title: t("contacts.outcome"), render: (call) => html`<${CallOutcome} call=${call} />` },
    { key: "duration", title: t("contacts.duration"), align: "end", render: (call) => duration(call.duration) },
  ];
  const all = html`<${Button} small href=${href("/calls", { customer_uuid: contact.uuid })}>${t("contacts.all_calls")}<//>`;
  return html`
    <${Card} title=${t("contacts.recent_calls")} actions=${contact.total_calls > SHOWN && all}>
      <${Table} label=${t("contacts.recent_calls")} columns=${columns} rows=${contact.calls.slice(0, SHOWN)} link=${(call) => href(`/calls/${call.uuid}`)}
        empty=${html`<${Empty} title=${t("contacts.no_calls")} text=${t("contacts.no_calls_text")} />`} />
    <//>`;
}

/** Those that took the contact in, whether they have called yet or not. */
export function ContactCampaigns({ contact }) {
  const path = `/customers/${contact.uuid}/campaigns`;
  const found = useResource((options) => get(path, {}, options), [path]);
  const columns = [
    { key: "name", title: t("contacts.campaign") },
    { key: "state", title: t("contacts.state"), render: ({ state }) => html`<${State} value=${state} />` },
    { key: "outcome", title: t("contacts.outcome"), render: Outcome },
    { key: "attempts", title: t("contacts.attempts"), align: "end" },
    { key: "due", title: t("contacts.next_attempt"), render: ({ due_at: at }) => ago(at) },
  ];
  return html`
    <${Card} title=${t("contacts.campaigns")}>
      <${Loaded} resource=${found} lines=${2}>
        ${({ flows }) => html`<${Table} label=${t("contacts.campaigns")} columns=${columns} rows=${flows} rowKey=${({ flow_uuid }) => flow_uuid}
          link=${({ flow_uuid }) => href(`/flows/${flow_uuid}`)} empty=${html`<${Empty} text=${t("contacts.no_campaigns")} />`} />`}
      <//>
    <//>`;
}

function State({ value }) {
  return html`<${Badge} tone=${TONES[value]}>${word("flows.contact_states", value)}<//>`;
}
