// Where events are sent.

import { get } from "../../core/api.js";
import { ago } from "../../core/format.js";
import { go, href, setQuery } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { Page } from "../../parts/page.js";
import { Empty, Loaded } from "../../parts/states.js";
import { ShownOnce } from "../../parts/shown_once.js";
import { Pager, Table } from "../../parts/table.js";
import { toast } from "../../parts/toast.js";
import { WebhookForm } from "./webhook_form.js";

const SIZE = 50;

export default function Webhooks({ query }) {
  const [isNew, setNew] = useState(false);
  const [made, setMade] = useState(null);
  const page = Math.max(1, Number(query.page) || 1);
  const found = useResource((options) => get("/webhooks", { limit: SIZE, offset: (page - 1) * SIZE }, options), [page]);

  const created = (webhook, isOwnSecret) => {
    setNew(false);
    toast(t("webhooks.created", { name: webhook.name }));
    if (isOwnSecret) go(`/webhooks/${webhook.uuid}`);
    else setMade(webhook);
  };
  const columns = [
    { key: "name", title: t("webhooks.name") },
    { key: "url", title: t("webhooks.url"), render: ({ url }) => html`<span class="cut" title=${url}>${url}</span>` },
    { key: "events", title: t("webhooks.events"), render: ({ events }) => html`<span title=${events.join(", ")}>${t("webhooks.n_events", { n: events.length })}</span>` },
    { key: "state", title: t("webhooks.state"), render: (webhook) => html`<${WebhookState} webhook=${webhook} />` },
    { key: "last", title: t("webhooks.last"), render: ({ last_triggered_at: at }) => (at ? ago(at) : t("webhooks.never")) },
  ];
  const empty = html`<${Empty} title=${t("webhooks.none")} text=${t("webhooks.none_text")}
    action=${{ label: t("webhooks.new"), onClick: () => setNew(true) }} />`;
  return html`
    <${Page} title=${t("webhooks.title")} lead=${t("webhooks.lead")}
      actions=${html`<${Button} scope="voice:webhooks:write" kind="primary" onClick=${() => setNew(true)}>${t("webhooks.new")}<//>`}>
      <${Loaded} resource=${found}>
        ${({ webhooks, total }) => html`
          <${Table} label=${t("webhooks.title")} columns=${columns} rows=${webhooks} empty=${empty} link=${({ uuid }) => href(`/webhooks/${uuid}`)} />
          <${Pager} page=${page} pages=${Math.ceil(total / SIZE)} onPage=${(next) => setQuery({ page: next })} />`}
      <//>
      <${Dialog} title=${t("webhooks.new")} open=${isNew} wide onClose=${() => setNew(false)}>
        <${WebhookForm} onDone=${created} onCancel=${() => setNew(false)} />
      <//>
      <${ShownOnce} secret=${made?.secret} title=${t("webhooks.secret_title")} text=${t("webhooks.secret_text")} done=${t("webhooks.done")}
        onClose=${() => go(`/webhooks/${made.uuid}`)} />
    <//>`;
}

/** On, off, or failing. */
export function WebhookState({ webhook }) {
  if (!webhook.is_active) {
    return html`<${Badge} tone=${webhook.trouble ? "bad" : "neutral"}>${t(webhook.trouble ? "webhooks.switched_off" : "webhooks.off")}<//>`;
  }
  if (webhook.failures > 0) return html`<${Badge} tone="warn">${t("webhooks.failing", { n: webhook.failures })}<//>`;
  return html`<${Badge} tone="good">${t("webhooks.on")}<//>`;
}
