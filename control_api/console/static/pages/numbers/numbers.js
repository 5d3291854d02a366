// Phone numbers: where calls come from, which flow answers on them, and how they fare.

import { del, get } from "../../core/api.js";
import { phone } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { go, href, setQuery } from "../../core/router.js";
import { may } from "../../core/session.js";
import { t, word } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { confirm } from "../../parts/dialog.js";
import { Menu } from "../../parts/menu.js";
import { Notice } from "../../parts/notice.js";
import { Page } from "../../parts/page.js";
import { Empty, Loaded, Problem } from "../../parts/states.js";
import { Pager, Table } from "../../parts/table.js";
import { toast } from "../../parts/toast.js";
import { everyFlow } from "./numbers_flows.js";
import { NumberForm } from "./numbers_form.js";

const EVERY = 30_000; // milliseconds
const LIMIT = 50;

export default function Numbers({ query }) {
  const page = Math.max(1, Number(query.page) || 1);
  const numbers = useResource(
    (options) => get("/phone-numbers", { limit: LIMIT, offset: (page - 1) * LIMIT }, options), [page], { every: EVERY },
  );
  const flows = useResource(everyFlow, []);
  const carriers = useResource((options) => (may("voice:integrations:read") ? get("/integrations/telephony", {}, options) : null), []);
  const add = html`<${Button} scope="voice:integrations:write" kind="primary" onClick=${() => setQuery({ edit: "new" })}>${t("numbers.new")}<//>`;
  const edited = numbers.data?.phone_numbers.find(({ uuid }) => uuid === query.edit);
  const close = () => setQuery({ edit: null });
  const changed = () => {
    close();
    numbers.reload();
    flows.reload();
  };
  return html`<${Page} title=${t("numbers.title")} lead=${t("numbers.lead")} actions=${add}>
    ${carriers.data?.providers.every((one) => !one.is_connected) && html`
      <${Notice} title=${t("numbers.not_connected")}>
        <p>${t("numbers.not_connected_text")} <a href=${href("/integrations/telephony/exotel")}>${t("numbers.connect")}</a></p>
      <//>`}
    <${Problem} error=${flows.error} retry=${flows.reload} />
    <${Loaded} resource=${numbers}>
      ${(found) => html`
        <${Table} label=${t("numbers.title")} columns=${columns(flows.data ?? [], numbers.reload)} rows=${found.phone_numbers}
          onOpen=${({ uuid }) => setQuery({ edit: uuid })}
          empty=${html`<${Empty} title=${t("numbers.none")} text=${t("numbers.none_text")} action=${add} />`} />
        <${Pager} page=${page} pages=${Math.ceil(found.total / LIMIT)} onPage=${(next) => go("/numbers", { page: next })} />`}
    <//>
    ${(edited || query.edit === "new") && flows.data && html`
      <${NumberForm} number=${edited} flows=${flows.data} onSaved=${changed} onClose=${close} />`}
  <//>`;
}

const columns = (flows, reload) => [
  { key: "number", title: t("numbers.number"), render: ({ number }) => html`<span class="num whole">${phone(number)}</span>` },
  { key: "name", title: t("numbers.name"), render: ({ name }) => name || "–" },
  { key: "provider", title: t("numbers.provider"), render: ({ provider }) => word("numbers.carrier", provider) },
  { key: "answers", title: t("numbers.answered_by"), render: (number) => links(answering(flows, number)) ?? html`<span class="soft">${t("numbers.nobody")}</span>` },
  { key: "calls", title: t("numbers.calls_from"), render: (number) => links(calling(flows, number)) ?? html`<span class="soft" title=${t("numbers.any_campaign_text")}>${t("numbers.any_campaign")}</span>` },
  { key: "health", title: t("numbers.health"), render: (number) => html`<${Health} number=${number} />` },
  { key: "actions", title: "", align: "end", render: (number) => html`<${Menu} label=${t("numbers.actions", number)} items=${[
    { scope: "voice:integrations:write", label: t("common.edit"), onClick: () => setQuery({ edit: number.uuid }) },
    { scope: "voice:integrations:write", label: t("common.delete"), kind: "danger", onClick: () => removed(number, reload) },
  ]} />` },
];

const answering = (flows, { number }) => flows.filter((flow) => flow.phone_number === number);
const calling = (flows, { uuid, number }) => flows.filter(({ phone_numbers: named }) => named.includes(uuid) || named.includes(number));

function links(flows) {
  if (!flows.length) return null;
  return flows.map(({ uuid, name }, at) => html`<span key=${uuid}>${at > 0 && ", "}<a href=${href(`/flows/${uuid}`)}>${name}</a></span>`);
}

function Health({ number }) {
  const { calls_lately: calls, failures_lately: failed } = number;
  if (!number.is_active) return html`<${Badge}>${t("numbers.off")}<//>`;
  const text = failed ? t("numbers.some_failed", { failed, calls }) : t("numbers.fine", { n: calls });
  if (number.cools_down) return html`<span class="row" title=${t("numbers.cools_down_text")}><${Badge} tone="bad">${t("numbers.cools_down")}<//> <span class="small">${text}</span></span>`;
  if (!calls) return html`<span class="soft">${t("numbers.idle")}</span>`;
  return html`<${Badge} tone=${failed ? "warn" : "good"}>${text}<//>`;
}

async function removed({ uuid, number: e164 }, reload) {
  const number = phone(e164);
  const sure = await confirm({ title: t("numbers.delete_title", { number }), text: t("numbers.delete_text"), action: t("common.delete") });
  if (!sure) return;
  if (!(await attempted(() => del(`/phone-numbers/${uuid}`)))) return;
  toast(t("numbers.deleted", { number }));
  reload();
}
