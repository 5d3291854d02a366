// One delivery: what was sent, and what came of it.

import { ago, dateTime, ms } from "../../core/format.js";
import { href } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Code } from "../../parts/copy.js";
import { Dialog } from "../../parts/dialog.js";
import { DeliveryState } from "./webhook_log.js";
import { meaning } from "./webhook_form.js";

/** Open while there is a `delivery`. */
export function Delivery({ delivery, webhook, onReplay, onClose }) {
  if (!delivery) return null;
  const { call_uuid, flow_uuid } = delivery.payload.data;
  const isOnItsWay = ["pending", "sending"].includes(delivery.state);
  const facts = [
    ["state", html`<${DeliveryState} state=${delivery.state} />`],
    ["when", dateTime(delivery.triggered_at)],
    ["tries", delivery.attempts],
    ["answer", delivery.attempts > 0 && `${delivery.response_status ?? t("webhooks.no_answer")} · ${ms(delivery.response_ms)}`],
    ["trouble", delivery.trouble],
    ["next_try", delivery.next_attempt_at && ago(delivery.next_attempt_at)],
    ["event_id", html`<span class="mono">${delivery.event_uuid}</span>`],
  ];
  const signed = t("webhooks.signed");
  const headers = {
    ...webhook.headers,
    "Content-Type": "application/json",
    "User-Agent": "Vaani",
    "webhook-id": delivery.event_uuid,
    "webhook-timestamp": signed,
    "webhook-signature": signed,
    "X-NN-Signature": signed,
  };
  return html`
    <${Dialog} title=${delivery.event_type} open wide onClose=${onClose}>
      <p class="soft">${meaning(delivery.event_type)}</p>
      <dl class="facts">
        ${facts.filter(([, value]) => value || value === 0).map(([name, value]) => html`<dt>${t(`webhooks.${name}`)}</dt><dd>${value}</dd>`)}
      </dl>
      <h3>${t("webhooks.request_headers")}</h3>
      <dl class="facts small">${Object.entries(headers).map(([name, value]) => html`<dt class="mono">${name}</dt><dd class=${value === signed ? "soft" : "mono"}>${value}</dd>`)}</dl>
      <h3>${t("webhooks.body")}</h3>
      <${Code} value=${delivery.payload} label=${t("webhooks.body")} />
      <footer class="dialog-foot">
        ${call_uuid && html`<${Button} href=${href(`/calls/${call_uuid}`)}>${t("webhooks.see_call")}<//>`}
        ${flow_uuid && html`<${Button} href=${href(`/flows/${flow_uuid}`)}>${t("webhooks.see_flow")}<//>`}
        ${webhook.is_active && html`<${Button} scope="voice:webhooks:write" kind="primary" disabled=${isOnItsWay} onClick=${() => onReplay(delivery)}>${t("webhooks.replay")}<//>`}
      </footer>
    <//>`;
}
