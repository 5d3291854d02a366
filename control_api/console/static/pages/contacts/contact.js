// One contact: who it is, the latest calls, the campaigns that called.

import { del, get } from "../../core/api.js";
import { ago, date, phone } from "../../core/format.js";
import { go, href } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t, word } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/card.js";
import { Dialog, confirm } from "../../parts/dialog.js";
import { Notice } from "../../parts/notice.js";
import { Page } from "../../parts/page.js";
import { Loaded } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { ContactCalls, ContactCampaigns } from "./contact_history.js";
import { pairs } from "./contact_draft.js";
import { ContactForm } from "./contact_form.js";
import { Marks } from "./contact_rows.js";

export default function Contact({ params }) {
  const path = `/customers/${params.id}`;
  const found = useResource((options) => get(path, { include_calls: true }, options), [path]);
  const [isChanged, setChanged] = useState(false);
  const contact = found.data;

  const deleted = async () => {
    const { name } = contact;
    const asked = { title: t("contacts.delete_one_title", { name }), text: t("contacts.delete_one_text"), action: t("contacts.delete") };
    if (!(await confirm(asked)) || !(await attempted(() => del(path)))) return;
    toast(t("contacts.deleted_one", { name }));
    go("/contacts");
  };
  const saved = (now) => {
    setChanged(false);
    toast(t("contacts.saved", { name: now.name }));
    found.reload();
  };
  const actions = contact && html`
    <${Button} scope="voice:contacts:write" kind="danger" onClick=${deleted}>${t("contacts.delete")}<//>
    <${Button} scope="voice:contacts:write" kind="primary" onClick=${() => setChanged(true)}>${t("contacts.edit")}<//>`;
  return html`
    <${Page} title=${contact?.name ?? t("contacts.one")} actions=${actions} crumbs=${[{ title: t("contacts.title"), href: href("/contacts") }]}>
      <${Loaded} resource=${found}>
        ${(contact) => html`
          ${contact.warnings.length > 0 && html`<${Notice} tone="warn" title=${t("contacts.warnings")}>
            <ul>${contact.warnings.map((one) => html`<li key=${one}>${one}</li>`)}</ul><//>`}
          <div class="halves">
            <div class="stack">
              <${ContactCalls} contact=${contact} />
              <${ContactCampaigns} contact=${contact} />
            </div>
            <div class="stack"><${About} contact=${contact} /></div>
          </div>
          <${Dialog} title=${t("contacts.edit")} wide open=${isChanged} onClose=${() => setChanged(false)}>
            <${ContactForm} contact=${contact} onDone=${saved} onCancel=${() => setChanged(false)} />
          <//>`}
      <//>
    <//>`;
}

function About({ contact }) {
  const language = contact.preferred_language && word("contacts.languages", contact.preferred_language);
  const counts = t("contacts.counts", { inbound: contact.inbound_calls, outbound: contact.outbound_calls });
  const facts = [
    ["phone", html`<a class="num" href="tel:${contact.phone}">${phone(contact.phone)}</a>`],
    ["extension", contact.extension],
    ["email", contact.email && html`<a href="mailto:${contact.email}">${contact.email}</a>`],
    ["language", language],
    ["timezone", contact.timezone],
    ["external_id", contact.external_id],
    ["calls", counts],
    ["last_contact", contact.last_contact ? ago(contact.last_contact) : t("contacts.never")],
    ["created_at", date(contact.created_at)],
  ];
  const more = pairs(contact.metadata);
  return html`
    <${Card} title=${t("contacts.about")}>
      <div class="stack">
        ${(contact.tags.length > 0 || contact.opted_out || contact.recording_opt_out) && html`<${Marks} contact=${contact} most=${100} />`}
        <dl class="facts">
          ${facts.filter(([, value]) => value).map(([name, value]) => html`<dt>${t(`contacts.${name}`)}</dt><dd>${value}</dd>`)}
        </dl>
      </div>
    <//>
    ${more.length > 0 && html`
      <${Card} title=${t("contacts.metadata")}>
        <dl class="facts">${more.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
      <//>`}`;
}
