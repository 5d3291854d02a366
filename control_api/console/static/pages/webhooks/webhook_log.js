// What became of each delivery of a webhook.

import { get, post } from "../../core/api.js";
import { dateTime, ms } from "../../core/format.js";
import { setQuery } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t, word } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/card.js";
import { confirm } from "../../parts/dialog.js";
import { SelectField } from "../../parts/fields.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Pager, Table } from "../../parts/table.js";
import { toast } from "../../parts/toast.js";
import { Delivery } from "./webhook_delivery.js";

const SIZE = 25;
const EVERY = 5000; // milliseconds
const STATES = ["pending", "sending", "done", "failed"];
const TONES = { done: "good", failed: "bad", pending: "warn", sending: "accent" };

/** The log is asked for again when `round` changes. */
export function WebhookLog({ webhook, query, round }) {
  const page = Math.max(1, Number(query.page) || 1);
  const path = `/webhooks/${webhook.uuid}`;
  const wanted = { state: query.state, limit: SIZE, offset: (page - 1) * SIZE };
  const found = useResource((options) => get(`${path}/logs`, wanted, options), [path, JSON.stringify(wanted), round], { every: EVERY });

  const replayed = async (delivery) => {
    if (!(await attempted(() => post(`${path}/logs/${delivery.uuid}/retry`)))) return;
    toast(t("webhooks.replayed"));
    found.reload();
  };
  const all = async () => {
    const asked = { title: t("webhooks.replay_all_title"), text: t("webhooks.replay_all_text"), action: t("webhooks.replay_all"), kind: "primary" };
    if (!(await confirm(asked))) return;
    await attempted(async () => {
      const { retried } = await post(`${path}/retry-failed`);
      toast(t(retried ? "webhooks.replayed_all" : "webhooks.nothing_failed", { n: retried }));
    });
    found.reload();
  };
  const columns = [
    { key: "event_type", title: t("webhooks.event") },
    { key: "when", title: t("webhooks.when"), render: ({ triggered_at: at }) => dateTime(at) },
    { key: "state", title: t("webhooks.state"), render: ({ state }) => html`<${DeliveryState} state=${state} />` },
    { key: "answer", title: t("webhooks.answer"), render: (one) => one.response_status ?? (one.attempts ? t("webhooks.no_answer") : "–") },
    { key: "took", title: t("webhooks.took"), align: "end", render: (one) => ms(one.response_ms) },
    { key: "tries", title: t("webhooks.tries"), align: "end", render: (one) => one.attempts },
  ];
  const empty = query.state
    ? html`<${Empty} title=${t("webhooks.log_no_match")} text=${t("webhooks.log_no_match_text")} />`
    : html`<${Empty} title=${t("webhooks.log_none")} text=${t("webhooks.log_none_text")} />`;
  const states = STATES.map((value) => ({ value, label: word("webhooks.states", value) }));
  return html`
    <${Card} title=${t("webhooks.log")} actions=${webhook.is_active && html`<${Button} scope="voice:webhooks:write" small onClick=${all}>${t("webhooks.replay_all")}<//>`}>
      <div class="filters before-table">
        <${SelectField} label=${t("webhooks.state")} blank=${t("webhooks.any_state")} options=${states} value=${query.state}
          onInput=${(state) => setQuery({ state, page: null })} />
        <p class="hint">${t("webhooks.log_hint")}</p>
      </div>
      <${Loaded} resource=${found}>
        ${({ logs, total }) => html`
          <${Table} label=${t("webhooks.log")} columns=${columns} rows=${logs} empty=${empty} onOpen=${({ uuid }) => setQuery({ delivery: uuid })} />
          <${Pager} page=${page} pages=${Math.ceil(total / SIZE)} onPage=${(next) => setQuery({ page: next })} />
          <${Delivery} delivery=${logs.find(({ uuid }) => uuid === query.delivery)} webhook=${webhook} onReplay=${replayed}
            onClose=${() => setQuery({ delivery: null })} />`}
      <//>
    <//>`;
}

export function DeliveryState({ state }) {
  return html`<${Badge} tone=${TONES[state]}>${word("webhooks.states", state)}<//>`;
}
