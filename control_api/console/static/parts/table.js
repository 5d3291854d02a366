import { html } from "../core/ui.js";
import { t } from "../core/strings.js";
import { Button } from "./button.js";
import { Empty } from "./states.js";

/**
 * `columns`: [{key, title, render?(row), align?: "end"}]. `rowKey(row)` names a row (its uuid otherwise).
 * `link(row)` gives each row an address (its first cell is the link); `onOpen(row)` is for what has none.
 * `empty` is shown instead of no rows: words, or an <Empty>. `label` says what the table lists.
 */
export function Table({ columns, rows, onOpen, link, empty, label, rowKey }) {
  if (!rows.length) return typeof empty === "string" ? html`<${Empty} text=${empty} />` : empty ?? html`<${Empty} text=${t("common.nothing")} />`;
  const opens = link ? (row) => (location.hash = link(row)) : onOpen;
  return html`
    <div class="table-frame">
      <table class="table" role="table" aria-label=${label}>
        <thead role="rowgroup">
          <tr role="row">
            ${columns.map((column) => html`
              <th key=${column.key} scope="col" role="columnheader" class=${column.align === "end" ? "end" : ""}>${column.title}</th>`)}
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${rows.map((row, at) => html`
            <tr key=${rowKey ? rowKey(row) : row.uuid ?? at} role="row" class=${opens ? "opens" : ""}
              onClick=${opens && ((event) => isOwn(event) && opens(row))}>
              ${columns.map((column, place) => html`
                <td key=${column.key} role="cell" data-title=${column.title} class=${column.align === "end" ? "end" : ""}>
                  ${cell(column, row, place === 0 && { link, onOpen })}
                </td>`)}
            </tr>`)}
        </tbody>
      </table>
    </div>`;
}

// A press on something of the row's own (a button, a link, marked words) does not open the row.
function isOwn(event) {
  return !event.target.closest("a, button, input, select, textarea, label") && !getSelection().toString();
}

function cell(column, row, first) {
  const shown = column.render ? column.render(row) : row[column.key] ?? "–";
  if (first && first.link) return html`<a class="row-link" href=${first.link(row)}>${shown}</a>`;
  if (first && first.onOpen) return html`<button type="button" class="row-link" onClick=${() => first.onOpen(row)}>${shown}</button>`;
  return shown;
}

/** `page` counts from 1. Nothing is shown where there is one page only. */
export function Pager({ page, pages, onPage }) {
  if (!(pages > 1)) return null;
  return html`
    <nav class="pager" aria-label=${t("common.pages")}>
      <${Button} small disabled=${page <= 1} onClick=${() => onPage(page - 1)}>${t("common.previous")}<//>
      <span>${t("common.page_of", { page, pages })}</span>
      <${Button} small disabled=${page >= pages} onClick=${() => onPage(page + 1)}>${t("common.next")}<//>
    </nav>`;
}
