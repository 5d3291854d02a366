// A page of contacts, of which some are picked and then changed together.

import { t } from "../../core/strings.js";
import { html, useEffect, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Pager } from "../../parts/table.js";
import { Bulk } from "./contact_bulk.js";
import { ContactRows } from "./contact_rows.js";

/** `list` is the contact list that they are seen on, if any. */
export function Picking({ rows, total, page, size, onPage, onDone, empty, list }) {
  const [picked, setPicked] = useState(new Set());
  const ids = rows.map((row) => row.uuid);
  useEffect(() => setPicked((before) => new Set(ids.filter((id) => before.has(id)))), [ids.join()]);
  const chosen = rows.filter((row) => picked.has(row.uuid));
  const done = () => {
    setPicked(new Set());
    onDone();
  };
  if (!rows.length) return empty;
  return html`
    <div class="row apart">
      <span class="soft" aria-live="polite">${t("contacts.found", { n: total })}</span>
      <${Button} small onClick=${() => setPicked(chosen.length === rows.length ? new Set() : new Set(ids))}>
        ${t(chosen.length === rows.length ? "contacts.select_none" : "contacts.select_all")}
      <//>
    </div>
    <${Bulk} rows=${chosen} list=${list} onDone=${done} />
    <${ContactRows} rows=${rows} picked=${picked} onPick=${setPicked} />
    <${Pager} page=${page} pages=${Math.ceil(total / size)} onPage=${onPage} />`;
}
