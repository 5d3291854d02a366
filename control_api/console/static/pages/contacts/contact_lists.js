// Lists of contacts.

import { get } from "../../core/api.js";
import { ago, number } from "../../core/format.js";
import { go, href, setQuery } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { Page } from "../../parts/page.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Pager, Table } from "../../parts/table.js";
import { toast } from "../../parts/toast.js";
import { ListForm } from "./contact_list_form.js";

const SIZE = 50;

export default function ContactLists({ query }) {
  const [isNew, setNew] = useState(false);
  const page = Math.max(1, Number(query.page) || 1);
  const found = useResource((options) => get("/contact-lists", { limit: SIZE, offset: (page - 1) * SIZE }, options), [page]);
  const made = (list) => {
    toast(t("contacts.list_created", { name: list.name }));
    go(`/contacts/lists/${list.uuid}`);
  };
  const columns = [
    { key: "name", title: t("contacts.list_name") },
    { key: "description", title: t("contacts.list_description"), render: ({ description }) => description || "–" },
    { key: "size", title: t("contacts.size"), align: "end", render: ({ size }) => number(size) },
    { key: "updated_at", title: t("contacts.changed"), render: ({ updated_at }) => ago(updated_at) },
  ];
  const empty = html`<${Empty} title=${t("contacts.lists_none")} text=${t("contacts.lists_none_text")}
    action=${{ scope: "voice:contacts:write", label: t("contacts.list_new"), onClick: () => setNew(true) }} />`;
  return html`
    <${Page} title=${t("contacts.lists_title")} lead=${t("contacts.lists_lead")} crumbs=${[{ title: t("contacts.title"), href: href("/contacts") }]}
      actions=${html`<${Button} scope="voice:contacts:write" kind="primary" onClick=${() => setNew(true)}>${t("contacts.list_new")}<//>`}>
      <${Loaded} resource=${found}>
        ${({ contact_lists, total }) => html`
          <${Table} label=${t("contacts.lists_title")} columns=${columns} rows=${contact_lists} empty=${empty}
            link=${({ uuid }) => href(`/contacts/lists/${uuid}`)} />
          <${Pager} page=${page} pages=${Math.ceil(total / SIZE)} onPage=${(next) => setQuery({ page: next })} />`}
      <//>
      <${Dialog} title=${t("contacts.list_new")} open=${isNew} onClose=${() => setNew(false)}>
        <${ListForm} onDone=${made} onCancel=${() => setNew(false)} />
      <//>
    <//>`;
}
