// What each column of a file means.

import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Card } from "../../parts/card.js";
import { SelectField } from "../../parts/fields.js";
import { Table } from "../../parts/table.js";
import { FIELDS } from "./contact_file.js";

/** `found` and `targets` as contact_file.js tells them. */
export function Columns({ found, targets, onTargets }) {
  const choose = (at) => (target) => onTargets(targets.map((before, one) => (one === at ? target : before)));
  const fields = FIELDS.map((value) => ({ value, label: t(`contacts.fields.${value}`) }));
  const columns = [
    { key: "name", title: t("contacts.column"), render: ({ name }) => html`<strong>${name || t("contacts.nameless")}</strong>` },
    {
      key: "cells",
      title: t("contacts.first_rows"),
      render: ({ cells }) => html`<span class="soft small">${cells.filter(Boolean).join(" · ") || "–"}</span>`,
    },
    {
      key: "means",
      title: t("contacts.means"),
      render: ({ name, at }) => name && html`<${SelectField} hideLabel label=${t("contacts.means_of", { name })} value=${targets[at]}
        onInput=${choose(at)} blank=${t("contacts.leave_out")} options=${[{ value: "own", label: t("contacts.own", { name }) }, ...fields]} />`,
    },
  ];
  const rows = found.names.map((name, at) => ({ name, at, cells: found.rows.map((row) => (row[at] ?? "").trim()).slice(0, 3) }));
  return html`
    <${Card} title=${t("contacts.columns")}>
      <p class="soft before-table">${t("contacts.columns_lead")}</p>
      <${Table} label=${t("contacts.columns")} columns=${columns} rows=${rows} rowKey=${({ at }) => at} />
    <//>`;
}
