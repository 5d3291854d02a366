// API keys: made, shown once, revoked.

import { del, get } from "../../core/api.js";
import { ago, date } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { key } from "../../core/session.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { Dialog, confirm } from "../../parts/dialog.js";
import { CheckField } from "../../parts/fields.js";
import { Page } from "../../parts/page.js";
import { ShownOnce } from "../../parts/shown_once.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Table } from "../../parts/table.js";
import { toast } from "../../parts/toast.js";
import { KeyForm } from "./key_form.js";
import { SCOPES } from "./key_scopes.js";

export default function Keys() {
  const found = useResource((options) => get("/api-keys", {}, options));
  const [isNew, setNew] = useState(false);
  const [made, setMade] = useState("");
  const [areHidden, setHidden] = useState(true);

  const created = (now) => {
    setNew(false);
    setMade(now.key);
    found.reload();
  };
  const revoked = async (one) => {
    const text = t(isOwn(one) ? "keys.revoke_own_text" : "keys.revoke_text");
    if (!(await confirm({ title: t("keys.revoke_title", { name: one.name }), text, action: t("keys.revoke") }))) return;
    if (!(await attempted(() => del(`/api-keys/${one.uuid}`)))) return;
    toast(t("keys.revoked_now", { name: one.name }));
    found.reload();
  };
  const columns = [
    {
      key: "name",
      title: t("keys.name"),
      render: (one) => html`<span class="marks"><strong>${one.name}</strong> ${isOwn(one) && html`<${Badge} tone="accent">${t("keys.this_one")}<//>`}</span>`,
    },
    { key: "start", title: t("keys.start"), render: ({ start }) => html`<code>${start}…</code>` },
    {
      key: "scopes",
      title: t("keys.scopes"),
      render: ({ scopes }) => html`<span title=${scopes.join("\n")}>${scopes.length === SCOPES.length ? t("keys.all_scopes") : t("keys.n_scopes", { n: scopes.length })}</span>`,
    },
    { key: "created_at", title: t("keys.created_at"), render: ({ created_at: at }) => date(at) },
    { key: "expires", title: t("keys.expires"), render: ({ expires_at: at }) => (at ? date(at) : t("keys.never")) },
    { key: "last_used", title: t("keys.last_used"), render: ({ last_used_at: at }) => (at ? ago(at) : t("keys.never")) },
    { key: "state", title: t("keys.state"), render: (one) => html`<${KeyState} of=${one} />` },
    {
      key: "revoke",
      title: t("keys.change"),
      align: "end",
      render: (one) => (stateOf(one) === "active" ? html`<${Button} small kind="danger" aria-label=${t("keys.revoke_named", { name: one.name })}
        onClick=${() => revoked(one)}>${t("keys.revoke")}<//>` : "–"),
    },
  ];
  return html`
    <${Page} title=${t("keys.title")} lead=${t("keys.lead")}
      actions=${html`<${Button} kind="primary" onClick=${() => setNew(true)}>${t("keys.new")}<//>`}>
      <${Loaded} resource=${found}>
        ${({ api_keys: keys }) => html`
          ${keys.some((one) => stateOf(one) !== "active") && html`<${CheckField} label=${t("keys.hide_revoked")} value=${areHidden} onInput=${setHidden} />`}
          <${Table} label=${t("keys.title")} columns=${columns} rows=${keys.filter((one) => !areHidden || stateOf(one) === "active")}
            empty=${html`<${Empty} title=${t("keys.none")} text=${t("keys.none_text")} action=${{ label: t("keys.new"), onClick: () => setNew(true) }} />`} />`}
      <//>
      <${Dialog} title=${t("keys.new")} open=${isNew} wide onClose=${() => setNew(false)}>
        <${KeyForm} onDone=${created} onCancel=${() => setNew(false)} />
      <//>
      <${ShownOnce} secret=${made} title=${t("keys.made_title")} text=${t("keys.made_text")} done=${t("keys.done")} onClose=${() => setMade("")} />
    <//>`;
}

const isOwn = (one) => key.value.startsWith(one.start);

function stateOf({ revoked_at, expires_at }) {
  if (revoked_at) return "revoked";
  return expires_at && new Date(expires_at) <= new Date() ? "expired" : "active";
}

function KeyState({ of }) {
  const state = stateOf(of);
  return html`<${Badge} tone=${state === "active" ? "good" : "neutral"}>${t(`keys.${state}`)}<//>`;
}
