// Contacts from a file: choose it, say what its columns are, see what became of each row.

import { ApiError, events, get } from "../../core/api.js";
import { href } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/card.js";
import { Code } from "../../parts/copy.js";
import { FilePicker } from "../../parts/file_picker.js";
import { SelectField } from "../../parts/fields.js";
import { Page } from "../../parts/page.js";
import { Problem } from "../../parts/states.js";
import { Columns } from "./contact_columns.js";
import { doubled, looked, mapping } from "./contact_file.js";
import { Progress, Result } from "./contact_import_result.js";

const MOST_LISTS = 100;
const SAMPLE = "name,phone,tags,city\nAsha Rao,+919812345678,\"Branch:Pune,Segment:New\",Pune\n";

export default function ContactImport({ query }) {
  const lists = useResource((options) => get("/contact-lists", { limit: MOST_LISTS }, options));
  const [file, setFile] = useState(null);
  const [found, setFound] = useState(null); // what contact_file.js saw in it
  const [targets, setTargets] = useState([]);
  const [list, setList] = useState(query.list ?? "");
  const [run, setRun] = useState({ state: "", progress: null, done: null, error: null });

  const chosen = async (next) => {
    const seen = await looked(next);
    setFile(next);
    setFound(seen);
    setTargets(seen.targets ?? []);
    setRun({ state: "" });
  };
  const start = async () => {
    const form = new FormData();
    form.append("file", file);
    if (found.kind === "csv") form.append("mapping", JSON.stringify(mapping(found.names, targets)));
    setRun({ state: "runs", progress: null });
    try {
      await events(list ? `/contact-lists/${list}/import` : "/customers/import", told, { method: "POST", form });
      setRun((before) => (before.state === "runs" ? { ...before, state: "failed", error: { detail: t("flows.upload_broke") } } : before));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setRun((before) => ({ ...before, state: "failed", error }));
    }
  };
  const told = ({ event, data }) => {
    if (event === "progress") setRun((before) => ({ ...before, progress: data }));
    else if (event === "done") setRun((before) => ({ ...before, state: "done", done: data }));
    else if (event === "error") setRun((before) => ({ ...before, state: "failed", error: data }));
  };
  const names = (lists.data?.contact_lists ?? []).map(({ uuid, name }) => ({ value: uuid, label: name }));
  const trouble = found && troubleOf(found, targets);
  const crumbs = [{ title: t("contacts.title"), href: href("/contacts") }];
  if (run.state === "done") {
    return html`
      <${Page} title=${t("contacts.import_title")} crumbs=${crumbs}>
        <${Result} done=${run.done} progress=${run.progress} list=${list} onAgain=${() => { setFile(null); setFound(null); setRun({ state: "" }); }} />
      <//>`;
  }
  return html`
    <${Page} title=${t("contacts.import_title")} lead=${t("contacts.import_lead")} crumbs=${crumbs}>
      <${Card}>
        <${FilePicker} file=${file} accept=".csv,.json" onFile=${chosen} disabled=${run.state === "runs"}
          label=${t(file ? "contacts.choose_other" : "contacts.choose")} hint=${t("contacts.drop")} />
        ${!file && html`<p class="hint">${t("contacts.sample")}</p><${Code} value=${SAMPLE} copy=${false} label=${t("contacts.sample")} />`}
      <//>
      ${found?.kind === "json" && html`<p class="soft">${t("contacts.is_json")}</p>`}
      ${found?.kind === "csv" && html`<${Columns} found=${found} targets=${targets} onTargets=${setTargets} />`}
      ${found && html`
        ${trouble && html`<${Problem} error=${{ detail: trouble }} />`}
        ${!trouble && run.state !== "runs" && html`
          <${Card}>
            <div class="form">
              ${names.length > 0 && html`<${SelectField} label=${t("contacts.on_list")} blank=${t("contacts.no_list")} value=${list} options=${names} onInput=${setList} />`}
              <p class="soft">${t("contacts.merges")}</p>
              <div class="actions"><${Button} scope="voice:contacts:write" kind="primary" onClick=${start}>${t("contacts.start")}<//></div>
            </div>
          <//>`}`}
      ${run.state === "runs" && html`<${Progress} progress=${run.progress} />`}
      ${run.state === "failed" && html`
        <${Problem} error=${run.error} />
        ${run.progress?.rows > 0 && html`<p class="soft">${t("contacts.kept_rows")}</p>`}`}
    <//>`;
}

/** Why it cannot be imported yet; "" if it can. */
function troubleOf(found, targets) {
  if (!found.kind) return t(`contacts.${found.reason}`);
  if (found.kind === "json") return "";
  const twice = doubled(targets);
  if (twice) return t("contacts.doubled", { field: t(`contacts.fields.${twice}`) });
  return targets.includes("phone") ? "" : t("contacts.need_phone");
}
