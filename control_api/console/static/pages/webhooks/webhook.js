// One webhook: what it is told of, whether it works, and what was sent to it.

import { del, get, patch, post } from "../../core/api.js";
import { dateTime, ms } from "../../core/format.js";
import { go, href } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/card.js";
import { Dialog, confirm } from "../../parts/dialog.js";
import { Menu } from "../../parts/menu.js";
import { Notice } from "../../parts/notice.js";
import { Page } from "../../parts/page.js";
import { ShownOnce } from "../../parts/shown_once.js";
import { Loaded } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { WebhookForm } from "./webhook_form.js";
import { WebhookLog } from "./webhook_log.js";
import { WebhookState } from "./webhooks.js";

export default function Webhook({ params, query }) {
  const path = `/webhooks/${params.id}`;
  const found = useResource((options) => get(path, {}, options), [path]);
  const [isChanged, setChanged] = useState(false);
  const [secret, setSecret] = useState("");
  const [isTesting, setTesting] = useState(false);
  const [tested, setTested] = useState(null);
  const [round, setRound] = useState(0); // of the log
  const webhook = found.data;
  const name = webhook?.name;

  const saved = () => {
    setChanged(false);
    toast(t("webhooks.saved", { name }));
    found.reload();
  };
  const tried = async () => {
    setTesting(true);
    await attempted(async () => setTested(await post(`${path}/test`)));
    setTesting(false);
    setRound((before) => before + 1);
  };
  const turned = async (is) => {
    const asked = { title: t("webhooks.switch_off_title", { name }), text: t("webhooks.switch_off_text"), action: t("webhooks.switch_off") };
    if (!is && !(await confirm(asked))) return;
    if (!(await attempted(() => patch(path, { is_active: is })))) return;
    toast(t(is ? "webhooks.turned_on" : "webhooks.turned_off", { name }));
    found.reload();
  };
  const rotated = async () => {
    const asked = { title: t("webhooks.rotate_title"), text: t("webhooks.rotate_text"), action: t("webhooks.rotate_action"), kind: "primary" };
    if (!(await confirm(asked))) return;
    await attempted(async () => setSecret((await post(`${path}/rotate-secret`)).secret));
    found.reload();
  };
  const deleted = async () => {
    const asked = { title: t("webhooks.delete_title", { name }), text: t("webhooks.delete_text"), action: t("webhooks.delete") };
    if (!(await confirm(asked)) || !(await attempted(() => del(path)))) return;
    toast(t("webhooks.deleted", { name }));
    go("/webhooks");
  };
  const actions = webhook && html`
    <${Menu} label=${t("webhooks.more")} items=${[
      { scope: "voice:webhooks:write", label: t("webhooks.rotate"), onClick: rotated },
      webhook.is_active && { scope: "voice:webhooks:write", label: t("webhooks.switch_off"), onClick: () => turned(false) },
      { scope: "voice:webhooks:write", label: t("webhooks.delete"), kind: "danger", onClick: deleted },
    ]} />
    <${Button} scope="voice:webhooks:write" onClick=${() => setChanged(true)}>${t("webhooks.edit")}<//>
    <${Button} scope="voice:webhooks:write" kind="primary" busy=${isTesting} onClick=${tried}>${t(isTesting ? "webhooks.testing" : "webhooks.test")}<//>`;
  return html`
    <${Page} title=${name ?? t("webhooks.one")} actions=${actions} crumbs=${[{ title: t("webhooks.title"), href: href("/webhooks") }]}>
      <${Loaded} resource=${found}>
        ${(webhook) => html`
          ${!webhook.is_active && html`
            <${Notice} tone="warn" title=${t("webhooks.is_off")}>
              <p>${webhook.trouble ? t("webhooks.is_off_trouble", { trouble: plain(webhook.trouble) }) : t("webhooks.is_off_by_hand")}</p>
              <${Button} scope="voice:webhooks:write" small kind="primary" onClick=${() => turned(true)}>${t("webhooks.turn_on")}<//>
            <//>`}
          ${tested && html`
            <${Notice} tone=${tested.success ? "good" : "warn"}>
              <p role="status">${tested.success
                ? t("webhooks.test_done", { status: tested.response_status, ms: ms(tested.response_ms) })
                : t("webhooks.test_failed", { trouble: plain(tested.trouble) })}</p>
            <//>`}
          <${About} webhook=${webhook} />
          <${WebhookLog} webhook=${webhook} query=${query} round=${round} />
          <${Dialog} title=${t("webhooks.edit")} wide open=${isChanged} onClose=${() => setChanged(false)}>
            <${WebhookForm} webhook=${webhook} onDone=${saved} onCancel=${() => setChanged(false)} />
          <//>`}
      <//>
      <${ShownOnce} secret=${secret} title=${t("webhooks.secret_title")} text=${t("webhooks.secret_text")} done=${t("webhooks.done")}
        onClose=${() => setSecret("")} />
    <//>`;
}

/** The server's words, to stand within a sentence. */
const plain = (trouble) => trouble.replace(/\.$/, "");

function About({ webhook }) {
  const until = webhook.old_secret_until;
  const isRotating = until && new Date(until) > new Date();
  const headers = Object.entries(webhook.headers);
  return html`
    <${Card} title=${t("webhooks.about")} actions=${html`<${WebhookState} webhook=${webhook} />`}>
      <dl class="facts">
        <dt>${t("webhooks.url")}</dt><dd class="mono">${webhook.url}</dd>
        <dt>${t("webhooks.events")}</dt><dd class="marks">${webhook.events.map((event) => html`<${Badge} key=${event}>${event}<//>`)}</dd>
        ${headers.length > 0 && html`
          <dt>${t("webhooks.headers")}</dt><dd>${headers.map(([name, value]) => html`<div class="mono" key=${name}>${name}: ${value}</div>`)}</dd>`}
        <dt>${t("webhooks.secret")}</dt>
        <dd><span class="mono">${webhook.secret}</span>
          ${isRotating && html`<div class="hint">${t("webhooks.rotating", { time: dateTime(until) })}</div>`}</dd>
      </dl>
    <//>`;
}
