// Scripts: what agents have to say in flows.

import { del, get } from "../../core/api.js";
import { ago } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { go, setQuery } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Button } from "../../parts/button.js";
import { confirm } from "../../parts/dialog.js";
import { Menu } from "../../parts/menu.js";
import { Page } from "../../parts/page.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Pager, Table } from "../../parts/table.js";
import { toast } from "../../parts/toast.js";
import { ScriptForm } from "./scripts_form.js";

const LIMIT = 50;

export default function Scripts({ query }) {
  const page = Math.max(1, Number(query.page) || 1);
  const scripts = useResource((options) => get("/scripts", { limit: LIMIT, offset: (page - 1) * LIMIT }, options), [page]);
  const create = html`<${Button} scope="voice:campaigns:write" kind="primary" onClick=${() => setQuery({ edit: "new" })}>${t("scripts.new")}<//>`;
  const edited = scripts.data?.scripts.find(({ uuid }) => uuid === query.edit);
  const close = () => setQuery({ edit: null });
  const saved = () => {
    close();
    scripts.reload();
  };
  return html`<${Page} title=${t("scripts.title")} lead=${t("scripts.lead")} actions=${create}>
    <${Loaded} resource=${scripts}>
      ${(found) => html`
        <${Table} label=${t("scripts.title")} columns=${columns(scripts.reload)} rows=${found.scripts} onOpen=${({ uuid }) => setQuery({ edit: uuid })}
          empty=${html`<${Empty} title=${t("scripts.none")} text=${t("scripts.none_text")} action=${create} />`} />
        <${Pager} page=${page} pages=${Math.ceil(found.total / LIMIT)} onPage=${(next) => go("/scripts", { page: next })} />`}
    <//>
    ${(edited || query.edit === "new") && html`<${ScriptForm} key=${query.edit} script=${edited} onSaved=${saved} onClose=${close} />`}
  <//>`;
}

const columns = (reload) => [
  { key: "name", title: t("scripts.name") },
  { key: "description", title: t("scripts.description"), render: ({ description }) => html`<span class="soft">${description || "–"}</span>` },
  { key: "language_code", title: t("scripts.language"), render: (script) => script.language_code ?? t("scripts.any_language") },
  { key: "updated_at", title: t("scripts.changed"), render: (script) => ago(script.updated_at) },
  { key: "actions", title: "", align: "end", render: (script) => html`<${Menu} label=${t("scripts.actions", script)} items=${[
    { scope: "voice:campaigns:write", label: t("common.edit"), onClick: () => setQuery({ edit: script.uuid }) },
    { scope: "voice:campaigns:write", label: t("common.delete"), kind: "danger", onClick: () => removed(script, reload) },
  ]} />` },
];

async function removed({ uuid, name }, reload) {
  const sure = await confirm({ title: t("scripts.delete_title", { name }), text: t("scripts.delete_text"), action: t("common.delete") });
  if (!sure) return;
  if (!(await attempted(() => del(`/scripts/${uuid}`)))) return;
  toast(t("scripts.deleted", { name }));
  reload();
}
