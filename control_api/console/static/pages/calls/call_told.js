// Whom a call was handed to, and what webhooks were told of it.

import { get } from "../../core/api.js";
import { ms, time } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { t, word } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Loaded } from "../../parts/states.js";

const SENT = { done: "good", failed: "bad", pending: "accent", sending: "accent" };

/** Nothing, where it never was. */
export function CallTransfers({ path }) {
  const found = useResource((options) => get(`${path}/transfers`, null, options), [path]);
  if (!found.error && !found.data?.total) return null;
  return html`
    <${Card} title=${t("calls.transfers")}>
      <${Loaded} resource=${found} lines=${2}>${({ transfers }) => html`
        <ul class="told">
          ${transfers.map((transfer) => html`
            <li key=${transfer.uuid}>
              <p class="row apart">
                <strong>${transfer.target}</strong>
                <${Badge}>${word("queues.status", transfer.status)}<//>
              </p>
              <p class="soft small">${time(transfer.initiated_at)} · ${t(`calls.asked_by_${transfer.asked_by}`)}${transfer.member_name && ` · ${transfer.member_name}`}</p>
              ${transfer.agent_brief && html`<p class="small">${transfer.agent_brief}</p>`}
            </li>`)}
        </ul>`}
      <//>
    <//>`;
}

export function CallWebhooks({ path }) {
  const found = useResource((options) => get(`${path}/webhooks`, null, options), [path]);
  return html`
    <${Card} title=${t("calls.webhooks")}>
      <${Loaded} resource=${found} lines=${2}>${({ logs }) => logs.length ? html`
        <ul class="told">
          ${logs.map((log) => html`
            <li key=${log.uuid}>
              <p class="row apart">
                <span class="mono">${log.event_type}</span>
                <${Badge} tone=${SENT[log.state]}>${word("calls.sent", log.state)}<//>
              </p>
              <p class="soft small">
                <a href=${href(`/webhooks/${log.webhook_uuid}`, { delivery: log.uuid })}>${log.webhook}</a>
                ${" · "}${time(log.triggered_at)}${log.response_status ? ` · ${log.response_status} · ${ms(log.response_ms)}` : ""}
                ${log.attempts > 1 && ` · ${t("calls.tries", { n: log.attempts })}`}
              </p>
              ${log.trouble && log.state !== "done" && html`<p class="small">${log.trouble}</p>`}
            </li>`)}
        </ul>` : html`<p class="soft">${t("calls.no_webhooks")}</p>`}
      <//>
    <//>`;
}
