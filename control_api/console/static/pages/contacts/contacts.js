// All contacts: searched, filtered, picked.

import { get } from "../../core/api.js";
import { go, href, setQuery } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { Page } from "../../parts/page.js";
import { Empty, Loaded } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { Picking } from "./contact_picking.js";
import { ContactForm } from "./contact_form.js";
import { Filters, asked, isFiltered } from "./contact_filters.js";

const SIZE = 50;

export default function Contacts({ query }) {
  const [isNew, setNew] = useState(false);
  const page = Math.max(1, Number(query.page) || 1);
  const wanted = { ...asked(query), limit: SIZE, offset: (page - 1) * SIZE };
  const found = useResource((options) => get("/customers", wanted, options), [JSON.stringify(wanted)]);
  const made = (contact) => {
    toast(t("contacts.created", { name: contact.name }));
    go(`/contacts/${contact.uuid}`);
  };
  const actions = html`
    <${Button} href=${href("/contacts/lists")}>${t("contacts.lists")}<//>
    <${Button} scope="voice:contacts:write" href=${href("/contacts/import")}>${t("contacts.import")}<//>
    <${Button} scope="voice:contacts:write" kind="primary" onClick=${() => setNew(true)}>${t("contacts.new")}<//>`;
  const empty = isFiltered(query)
    ? html`<${Empty} title=${t("contacts.no_match")} text=${t("contacts.no_match_text")} />`
    : html`<${Empty} title=${t("contacts.none")} text=${t("contacts.none_text")}
        action=${{ scope: "voice:contacts:write", label: t("contacts.import"), href: href("/contacts/import") }} />`;
  return html`
    <${Page} title=${t("contacts.title")} lead=${t("contacts.lead")} actions=${actions}>
      <${Filters} query=${query} />
      <${Loaded} resource=${found} lines=${8}>
        ${({ customers, total }) => html`<${Picking} rows=${customers} total=${total} page=${page} size=${SIZE} empty=${empty}
          onPage=${(next) => setQuery({ page: next })} onDone=${found.reload} />`}
      <//>
      <${Dialog} title=${t("contacts.new")} open=${isNew} wide onClose=${() => setNew(false)}>
        <${ContactForm} onDone=${made} onCancel=${() => setNew(false)} />
      <//>
    <//>`;
}
