// How far an import is, and what it came to.

import { number } from "../../core/format.js";
import { href } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Card, Stat } from "../../parts/card.js";
import { saveFile } from "../../parts/save_file.js";
import { Table } from "../../parts/table.js";
import { errorsCsv } from "./contact_file.js";

const SHOWN = 100; // error rows on the page; the file holds them all
const TOLD = 1000; // error rows that the server tells

export function Progress({ progress }) {
  const share = progress?.total ? progress.rows / progress.total : 0;
  const said = progress
    ? t("contacts.progress", { rows: number(progress.rows), total: number(progress.total) })
    : t("contacts.uploading");
  return html`
    <${Card}>
      <div class="stack">
        <p role="status">${said}${progress?.failed > 0 && html` · <span class="bad-text">${t("contacts.rows_failed", { n: progress.failed })}</span>`}</p>
        <div class="bar" role="progressbar" aria-label=${t("contacts.import_title")} aria-valuemin="0" aria-valuemax="100"
          aria-valuenow=${Math.round(share * 100)}><span style=${{ width: `${share * 100}%` }}></span></div>
      </div>
    <//>`;
}

/** `done` and `progress` as the server told them; `list` is the id of the list that they were put on, or "". */
export function Result({ done, progress, list, onAgain }) {
  const { errors } = done;
  const columns = [
    { key: "row", title: t("contacts.row"), render: ({ row }) => number(row) },
    { key: "phone", title: t("contacts.phone"), render: ({ phone }) => phone ?? "–" },
    { key: "reason", title: t("contacts.reason") },
  ];
  const actions = html`
    ${errors.length > 0 && html`<${Button} small onClick=${() => download(errorsCsv(errors))}>${t("contacts.download")}<//>`}`;
  return html`
    <${Card} title=${t("contacts.result")}>
      <div class="stats">
        <${Stat} label=${t("contacts.new_ones")} value=${number(done.imported)} />
        <${Stat} label=${t("contacts.updated")} value=${number(done.updated)} />
        <${Stat} label=${t("contacts.failed")} value=${number(done.skipped)} hint=${t("contacts.failed_hint")} />
      </div>
    <//>
    <div class="actions">
      <${Button} kind="primary" href=${href(list ? `/contacts/lists/${list}` : "/contacts")}>${t(list ? "contacts.see_list" : "contacts.see_contacts")}<//>
      <${Button} onClick=${onAgain}>${t("contacts.another")}<//>
    </div>
    ${errors.length === 0
      ? html`<p class="soft">${t("contacts.all_good")}</p>`
      : html`<${Card} title=${t("contacts.errors")} actions=${actions}>
          ${progress?.failed > TOLD && html`<p class="soft before-table">${t("contacts.errors_capped", { n: number(TOLD) })}</p>`}
          ${done.hint && html`<p class="soft before-table">${done.hint}</p>`}
          <${Table} label=${t("contacts.errors")} columns=${columns} rows=${errors.slice(0, SHOWN)} rowKey=${({ row }) => row} />
        <//>`}`;
}

const download = (text) => saveFile(new Blob(["\uFEFF", text], { type: "text/csv;charset=utf-8" }), "import-errors.csv");
