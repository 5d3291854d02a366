// Contacts as a table whose rows can be picked.

import { ago, number, phone } from "../../core/format.js";
import { href } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Table } from "../../parts/table.js";

const TAGS = 3; // that a row shows

/** `picked` is a Set of ids, and `onPick` is given the new one. */
export function ContactRows({ rows, picked, onPick, empty }) {
  const pick = (id) => {
    const now = new Set(picked);
    if (!now.delete(id)) now.add(id);
    onPick(now);
  };
  const columns = [
    { key: "name", title: t("contacts.name"), render: (row) => html`<a class="row-link" href=${href(`/contacts/${row.uuid}`)}>${row.name}</a>` },
    { key: "phone", title: t("contacts.phone"), render: (row) => html`<span class="num whole">${phone(row.phone)}</span>` },
    { key: "tags", title: t("contacts.tags"), render: (row) => html`<${Marks} contact=${row} />` },
    { key: "total_calls", title: t("contacts.calls"), align: "end", render: (row) => number(row.total_calls) },
    { key: "last_contact", title: t("contacts.last_contact"), render: (row) => (row.last_contact ? ago(row.last_contact) : t("contacts.never")) },
    {
      key: "pick",
      title: t("contacts.pick"),
      align: "end",
      render: (row) => html`<input type="checkbox" class="pick" aria-label=${t("contacts.select", { name: row.name })}
        checked=${picked.has(row.uuid)} onInput=${() => pick(row.uuid)} />`,
    },
  ];
  return html`<${Table} label=${t("contacts.title")} columns=${columns} rows=${rows} empty=${empty} />`;
}

/** Tags, and what must be known before somebody calls. */
export function Marks({ contact, most = TAGS }) {
  const more = contact.tags.length - most;
  return html`<span class="marks">
    ${contact.opted_out && html`<${Badge} tone="bad">${t("contacts.opted_out")}<//>`}
    ${contact.recording_opt_out && html`<${Badge} tone="warn">${t("contacts.not_recorded")}<//>`}
    ${contact.tags.slice(0, most).map((tag) => html`<${Badge} key=${tag}>${tag}<//>`)}
    ${more > 0 && html`<span class="soft small" title=${contact.tags.slice(most).join(", ")}>+${more}</span>`}
  </span>`;
}
