// A file of people becomes a new contact list.

import { del, events, post } from "../../core/api.js";
import { number } from "../../core/format.js";
import { href } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Field, TextField } from "../../parts/fields.js";
import { Problem } from "../../parts/states.js";
import { Table } from "../../parts/table.js";

const SHOWN = 20; // rows in error

/** `onDone(list)` is given the id of the list. */
export function Upload({ name, onDone, error }) {
  const [title, setTitle] = useState(name);
  const [file, setFile] = useState(null);
  const [progress, setProgress] = useState(null);
  const [done, setDone] = useState(null);
  const [problem, setProblem] = useState(null);
  const isBusy = progress !== null && !done;

  const send = async () => {
    setProblem(null);
    setDone(null);
    setProgress({ total: 0, rows: 0 });
    let list = null;
    try {
      list = (await post("/contact-lists", { name: title || file.name })).uuid;
      const found = await imported(list, file, setProgress);
      if (!found.errors.length) return onDone(list);
      setDone({ ...found, list });
    } catch (failed) {
      setProblem(failed);
      setProgress(null);
      if (list && failed.status === 400) await del(`/contact-lists/${list}`); // nothing was taken from the file
    }
  };

  return html`
    <${TextField} label=${t("flows.fields.list_name")} value=${title} maxlength="200" onInput=${setTitle} />
    <${Field} label=${t("flows.fields.file")} hint=${t("flows.file_hint")} error=${error}>
      ${(tied) => html`<input type="file" accept=".csv,.json" ...${tied} onInput=${(event) => setFile(event.target.files[0] ?? null)} />`}
    <//>
    <p class="hint"><a href=${href("/contacts/import")}>${t("flows.other_columns")}</a></p>
    <p><${Button} disabled=${!file} busy=${isBusy} onClick=${send}>${t("flows.upload")}<//></p>
    ${isBusy && html`<div role="status">
      <progress max=${progress.total || 1} value=${progress.rows}></progress> ${t("flows.rows_of", { n: number(progress.rows), total: number(progress.total) })}
    </div>`}
    ${problem && html`<${Problem} error=${problem} />`}
    ${done && html`<${Errors} done=${done} onDone=${onDone} />`}
  `;
}

function Errors({ done, onDone }) {
  const taken = done.imported + done.updated;
  return html`<div role="status">
    <p>${t("flows.taken", { n: done.skipped, taken: number(taken) })}</p>
    <${Table} label=${t("flows.bad_rows")} columns=${COLUMNS()} rows=${done.errors.slice(0, SHOWN)} rowKey=${({ row }) => row} />
    ${taken > 0 && html`<p><${Button} kind="primary" onClick=${() => onDone(done.list)}>${t("flows.use_taken")}<//></p>`}
  </div>`;
}

const COLUMNS = () => [
  { key: "row", title: t("flows.row") },
  { key: "phone", title: t("flows.phone") },
  { key: "reason", title: t("flows.what") },
];

/** What came of the file. Raises ApiError, or an Error with what broke after it was begun. */
async function imported(list, file, onProgress) {
  const form = new FormData();
  form.append("file", file);
  let done = null;
  let failure = null;
  const take = ({ event, data }) => {
    if (event === "progress") onProgress(data);
    else if (event === "done") done = data;
    else if (event === "error") failure = data.detail;
  };
  await events(`/contact-lists/${list}/import`, take, { method: "POST", form });
  if (!done) throw new Error(failure ?? t("flows.upload_broke"));
  return done;
}
