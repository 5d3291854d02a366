// Who is in a campaign, and what was tried with each of them.

import { get } from "../../core/api.js";
import { ago, dateTime, duration, money, number, phone } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { href, setQuery } from "../../core/router.js";
import { t, word } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Outcome } from "../../parts/call_words.js";
import { Dialog } from "../../parts/dialog.js";
import { SelectField } from "../../parts/fields.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Pager, Table } from "../../parts/table.js";
import { Download } from "./flow_files.js";

const SIZE = 50;
const STATES = ["pending", "dialing", "in_call", "retry", "done", "skipped", "cancelled"];

export function FlowContacts({ flow, query }) {
  const page = Math.max(1, Number(query.page) || 1);
  const wanted = { state: query.state, limit: SIZE, offset: (page - 1) * SIZE };
  const contacts = useResource(
    (options) => get(`/flows/${flow.uuid}/contacts`, wanted, options),
    [flow.uuid, query.state, page],
    { every: flow.status === "active" ? 10_000 : 0 },
  );
  const states = STATES.map((value) => ({ value, label: word("flows.contact_states", value) }));
  const pick = (state) => setQuery({ state: state || null, page: null });
  return html`
    <div class="filters">
      <${SelectField} label=${t("flows.contact_state")} value=${query.state ?? ""} blank=${t("flows.any_state")} options=${states} onInput=${pick} />
      <${Download} path=${`/flows/${flow.uuid}/attempts.csv`} name=${`${flow.uuid}-attempts.csv`}>${t("flows.attempts_csv")}<//>
    </div>
    <${Loaded} resource=${contacts}>
      ${(found) => html`
        <${Table}
          label=${t("flows.tabs.contacts")}
          columns=${COLUMNS()}
          rows=${found.contacts}
          rowKey=${(contact) => contact.customer_uuid}
          onOpen=${(contact) => setQuery({ contact: contact.customer_uuid })}
          empty=${html`<${Empty} title=${t("flows.no_contacts")} text=${t(query.state ? "flows.no_contacts_in_state" : "flows.no_contacts_text")} />`}
        />
        <${Pager} page=${page} pages=${Math.ceil(found.total / SIZE)} onPage=${(to) => setQuery({ page: to })} />
      `}
    <//>
    <${Dialog} wide open=${Boolean(query.contact)} title=${t("flows.history")} onClose=${() => setQuery({ contact: null })}>
      <${History} flow=${flow.uuid} contact=${query.contact} />
    <//>
  `;
}

const COLUMNS = () => [
  { key: "phone", title: t("flows.person"), render: (contact) => html`<${Person} contact=${contact} />` },
  { key: "state", title: t("flows.contact_state"), render: (contact) => word("flows.contact_states", contact.state) },
  { key: "attempts", title: t("flows.attempts"), align: "end" },
  { key: "outcome", title: t("flows.outcome"), render: (contact) => html`<${Outcome} outcome=${contact.outcome} />` },
  { key: "reason", title: t("flows.reason"), render: (contact) => (contact.reason ? word("flows.reasons", contact.reason) : "–") },
  { key: "next", title: t("flows.next_try"), render: (contact) => dateTime(contact.next_attempt_at) },
  { key: "updated_at", title: t("flows.changed"), align: "end", render: (contact) => ago(contact.updated_at) },
];

const Person = ({ contact: { name, phone: e164 } }) => html`
  <span class="who" title=${name}>${name && html`<span class="cut">${name}</span>`}<span class=${name ? "who-number" : ""}>${phone(e164)}</span></span>`;

function History({ flow, contact }) {
  const found = useResource((options) => get(`/flows/${flow}/contacts/${contact}`, {}, options), [flow, contact]);
  return html`<${Loaded} resource=${found}>
    ${(one) => html`
      <p>
        <strong>${[one.name, phone(one.phone)].filter(Boolean).join(" · ")}</strong> · ${word("flows.contact_states", one.state)}
        ${one.next_attempt_at && html` · ${t("flows.next_at", { at: dateTime(one.next_attempt_at) })}`}
      </p>
      <${Table} label=${t("flows.history")} columns=${ATTEMPTS()} rows=${one.history} rowKey=${(attempt) => attempt.call_uuid}
        link=${(attempt) => href(`/calls/${attempt.call_uuid}`)} empty=${t("flows.no_attempts")} />
      <p><${Button} small href=${href(`/contacts/${one.customer_uuid}`)}>${t("flows.open_contact")}<//></p>
    `}
  <//>`;
}

const ATTEMPTS = () => [
  { key: "decided_at", title: t("flows.when"), render: (attempt) => html`<span class="whole">${dateTime(attempt.decided_at)}</span>` },
  { key: "attempt", title: t("flows.attempt"), align: "end", render: (attempt) => number(attempt.attempt) },
  { key: "outcome", title: t("flows.outcome"), render: (attempt) => html`<${Outcome} outcome=${attempt.outcome} />` },
  { key: "reason", title: t("flows.reason"), render: (attempt) => html`<span class="whole">${attempt.reason ? word("flows.reasons", attempt.reason) : "–"}</span>` },
  { key: "from_number", title: t("flows.from_number"), render: (attempt) => html`<span class="whole">${phone(attempt.from_number)}</span>` },
  { key: "talk", title: t("flows.talk"), align: "end", render: (attempt) => duration(attempt.talk_seconds) },
  { key: "cost", title: t("flows.cost"), align: "end", render: (attempt) => money(attempt.cost) },
];
