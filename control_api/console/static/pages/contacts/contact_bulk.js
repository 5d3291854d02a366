// What can be done with many contacts at once.

import { ApiError, del, get, patch, post } from "../../core/api.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Button } from "../../parts/button.js";
import { Dialog, confirm } from "../../parts/dialog.js";
import { SelectField, TextField } from "../../parts/fields.js";
import { Form, useSubmit, wrong } from "../../parts/form.js";
import { Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { tagsIn } from "./contact_draft.js";

const MOST_LISTS = 100;

/** `rows` are those that are picked. `list` is the one that they are seen on, if any. `onDone` follows every change. */
export function Bulk({ rows, list, onDone }) {
  const [asks, setAsks] = useState(""); // "tag", "untag", "list": which dialog is open
  const [progress, setProgress] = useState(null);
  const n = rows.length;

  /** One after the other; what was done before a refusal stays done, and is said. */
  const each = async (work, done) => {
    let at = 0;
    setAsks("");
    try {
      for (; at < n; at += 1) {
        setProgress(t("contacts.working", { done: at, n }));
        await work(rows[at]);
      }
      toast(t(done, { n }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast(t("contacts.stopped", { done: at, n, reason: error.detail }), "bad");
    } finally {
      setProgress(null);
    }
    onDone();
  };
  const deleted = async () => {
    const asked = { title: t("contacts.delete_title", { n }), text: t("contacts.delete_text"), action: t("contacts.delete") };
    if (await confirm(asked)) await each((row) => del(`/customers/${row.uuid}`), "contacts.deleted");
  };
  const tagged = (tags) =>
    each((row) => patch(`/customers/${row.uuid}`, { tags: [...new Set([...row.tags, ...tags])] }), "contacts.tagged");
  const untagged = (tags) =>
    each((row) => patch(`/customers/${row.uuid}`, { tags: row.tags.filter((tag) => !tags.includes(tag)) }), "contacts.untagged");
  const unlisted = async () => {
    const customer_ids = rows.map((row) => row.uuid);
    if (await attempted(() => del(`/contact-lists/${list.uuid}/contacts`, { customer_ids }))) toast(t("contacts.unlisted", { n }));
    onDone();
  };

  if (!n) return null;
  return html`
    <div class="picked" role="region" aria-label=${t("contacts.selected", { n })}>
      <strong aria-live="polite">${progress ?? t("contacts.selected", { n })}</strong>
      <div class="actions">
        <${Button} scope="voice:contacts:write" small disabled=${progress} onClick=${() => setAsks("tag")}>${t("contacts.add_tag")}<//>
        <${Button} scope="voice:contacts:write" small disabled=${progress} onClick=${() => setAsks("untag")}>${t("contacts.take_tag")}<//>
        ${list
          ? html`<${Button} scope="voice:contacts:write" small disabled=${progress} onClick=${unlisted}>${t("contacts.take_off_list")}<//>`
          : html`<${Button} scope="voice:contacts:write" small disabled=${progress} onClick=${() => setAsks("list")}>${t("contacts.put_on_list")}<//>`}
        <${Button} scope="voice:contacts:write" small kind="danger" disabled=${progress} onClick=${deleted}>${t("contacts.delete")}<//>
      </div>
      <${Dialog} title=${t("contacts.add_tag")} open=${asks === "tag"} onClose=${() => setAsks("")}>
        <${TagForm} onDone=${tagged} onCancel=${() => setAsks("")} />
      <//>
      <${Dialog} title=${t("contacts.take_tag")} open=${asks === "untag"} onClose=${() => setAsks("")}>
        <${TagForm} among=${[...new Set(rows.flatMap((row) => row.tags))].sort()} onDone=${untagged} onCancel=${() => setAsks("")} />
      <//>
      <${Dialog} title=${t("contacts.put_on_list")} open=${asks === "list"} onClose=${() => setAsks("")}>
        <${ListForm} rows=${rows} onCancel=${() => setAsks("")} onDone=${() => { setAsks(""); onDone(); }} />
      <//>
    </div>`;
}

/** Tags to write, or one to choose `among` those that there are. */
function TagForm({ among, onDone, onCancel }) {
  const [text, setText] = useState(among?.[0] ?? "");
  const state = useSubmit(["tags"]);
  const sent = () =>
    state.submit(async () => {
      const tags = among ? [text] : tagsIn(text);
      if (!tags.filter(Boolean).length) throw wrong("tags", t("contacts.tag_needed"));
      onDone(tags);
    });
  const tied = { label: t("contacts.tag_label"), value: text, onInput: setText, error: state.errors.tags };
  return html`
    <${Form} state=${state} onSubmit=${sent} onCancel=${onCancel} action=${t("contacts.apply")}>
      ${among
        ? html`<${SelectField} ...${tied} options=${among} />`
        : html`<${TextField} ...${tied} hint=${t("contacts.tag_hint")} autofocus />`}
    <//>`;
}

function ListForm({ rows, onDone, onCancel }) {
  const known = useResource((options) => get("/contact-lists", { limit: MOST_LISTS }, options));
  const [chosen, setChosen] = useState("");
  const state = useSubmit(["list"]);
  const lists = known.data?.contact_lists ?? [];
  const sent = () =>
    state.submit(async () => {
      const list = lists.find((one) => one.uuid === chosen);
      if (!list) throw wrong("list", t(lists.length ? "contacts.choose_list" : "contacts.no_lists"));
      await post(`/contact-lists/${list.uuid}/contacts`, { customer_ids: rows.map((row) => row.uuid) });
      toast(t("contacts.listed", { n: rows.length, name: list.name }));
      onDone();
    });
  return html`
    <${Form} state=${state} onSubmit=${sent} onCancel=${onCancel} action=${t("contacts.apply")}>
      <${Problem} error=${known.error} retry=${known.reload} />
      <${SelectField} label=${t("contacts.list")} blank=${t("contacts.choose_list")} value=${chosen} onInput=${setChosen}
        error=${state.errors.list} options=${lists.map(({ uuid, name }) => ({ value: uuid, label: name }))} />
    <//>`;
}
