// One contact list, and who is on it.

import { del, get } from "../../core/api.js";
import { go, href, setQuery } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Button } from "../../parts/button.js";
import { Dialog, confirm } from "../../parts/dialog.js";
import { Menu } from "../../parts/menu.js";
import { Page } from "../../parts/page.js";
import { Empty, Loaded, Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { SearchBox } from "./contact_filters.js";
import { AddMembers } from "./contact_list_add.js";
import { ListForm } from "./contact_list_form.js";
import { Picking } from "./contact_picking.js";

const SIZE = 50;

export default function List({ params, query }) {
  const path = `/contact-lists/${params.id}`;
  const page = Math.max(1, Number(query.page) || 1);
  const wanted = { contact_list_id: params.id, search: query.search, limit: SIZE, offset: (page - 1) * SIZE };
  const list = useResource((options) => get(path, {}, options), [path]);
  const members = useResource((options) => get("/customers", wanted, options), [JSON.stringify(wanted)]);
  const [asks, setAsks] = useState(""); // which dialog is open
  const close = () => setAsks("");
  const changed = () => {
    list.reload();
    members.reload();
  };
  const deleted = async () => {
    const { name } = list.data;
    const asked = { title: t("contacts.list_delete_title", { name }), text: t("contacts.list_delete_text"), action: t("contacts.delete") };
    if (!(await confirm(asked)) || !(await attempted(() => del(path)))) return;
    toast(t("contacts.list_deleted", { name }));
    go("/contacts/lists");
  };
  const saved = ({ name }) => {
    close();
    toast(t("contacts.list_saved", { name }));
    list.reload();
  };
  const importing = href("/contacts/import", { list: params.id });
  const actions = list.data && html`
    <${Menu} label=${t("contacts.more")} items=${[
      { scope: "voice:contacts:write", label: t("contacts.list_edit"), onClick: () => setAsks("edit") },
      { scope: "voice:contacts:write", label: t("contacts.delete"), kind: "danger", onClick: deleted },
    ]} />
    <${Button} scope="voice:contacts:write" href=${importing}>${t("contacts.list_import")}<//>
    <${Button} scope="voice:contacts:write" kind="primary" onClick=${() => setAsks("add")}>${t("contacts.list_add")}<//>`;
  const empty = query.search
    ? html`<${Empty} title=${t("contacts.no_match")} text=${t("contacts.no_match_text")} />`
    : html`<${Empty} title=${t("contacts.list_empty")} text=${t("contacts.list_empty_text")} action=${{ scope: "voice:contacts:write", label: t("contacts.list_import"), href: importing }} />`;
  const crumbs = [
    { title: t("contacts.title"), href: href("/contacts") },
    { title: t("contacts.lists_title"), href: href("/contacts/lists") },
  ];
  return html`
    <${Page} title=${list.data?.name ?? t("contacts.list")} lead=${list.data?.description} actions=${actions} crumbs=${crumbs}>
      <${Problem} error=${list.error} retry=${list.reload} />
      <div class="filters" role="search"><${SearchBox} label=${t("contacts.list_search")} value=${query.search} /></div>
      <${Loaded} resource=${members} lines=${8}>
        ${({ customers, total }) => html`<${Picking} rows=${customers} total=${total} page=${page} size=${SIZE} empty=${empty} list=${{ uuid: params.id }}
          onPage=${(next) => setQuery({ page: next })} onDone=${changed} />`}
      <//>
      <${Dialog} title=${t("contacts.list_edit")} open=${asks === "edit"} onClose=${close}>
        <${ListForm} list=${list.data} onDone=${saved} onCancel=${close} />
      <//>
      <${Dialog} title=${t("contacts.add_title", { name: list.data?.name })} wide open=${asks === "add"} onClose=${close}>
        <${AddMembers} path=${path} onDone=${() => { close(); changed(); }} onCancel=${close} />
      <//>
    <//>`;
}
