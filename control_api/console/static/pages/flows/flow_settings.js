// How a campaign was set up, to read: on its page, and before it is launched.

import { getIfThere } from "../../core/api.js";
import { date, dateTime, phone } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { t, word } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Card } from "../../parts/card.js";
import { Problem } from "../../parts/states.js";
import { everyNumber } from "./flow_choices.js";

export function FlowSettings({ flow }) {
  const names = useResource((options) => named(flow, options), [flow.uuid, flow.updated_at]);
  const { agent, list, numbers } = names.data ?? { agent: null, list: null, numbers: null };
  return html`<${Card} title=${t("flows.tabs.settings")}>
    ${names.error && html`<${Problem} error=${names.error} retry=${names.reload} />`}
    <dl class="facts">
      <${Fact} name="agent">${agent ? html`<a href=${href(`/agents/${agent.uuid}`)}>${agent.name}</a>` : t("flows.no_agent")}<//>
      <${Fact} name="greeting">${flow.config.greeting || agent?.config.greeting || t("flows.agents_own")}<//>
      <${Fact} name="who">${names.data || !flow.contact_list_id ? who(flow, list) : "…"}<//>
      <${Fact} name="calls_from">${from(flow, numbers)}<//>
      <${Fact} name="parallel">${t("flows.parallel_of", { n: flow.max_parallel_calls, rate: flow.rate_limit_per_number })}<//>
      <${Fact} name="retries">${retries(flow)}<//>
      <${Fact} name="hours">${hours(flow)}<//>
      <${Fact} name="dates">${dates(flow)}<//>
      <${Fact} name="dedupe">${t(flow.dedupe_hours ? "flows.dedupe_of" : "flows.dedupe_none", { n: flow.dedupe_hours })}<//>
      ${flow.start_at && html`<${Fact} name="start_at">${dateTime(flow.start_at)}<//>`}
    </dl>
  <//>`;
}

function Fact({ name, children }) {
  return html`<dt>${t(`flows.facts.${name}`)}</dt><dd>${children}</dd>`;
}

/** What the flow names by ids. What is no more is null. */
async function named(flow, options) {
  const [agent, list, numbers] = await Promise.all([
    flow.voice_agent_id ? getIfThere(`/agents/${flow.voice_agent_id}`, options) : null,
    flow.contact_list_id ? getIfThere(`/contact-lists/${flow.contact_list_id}`, options) : null,
    everyNumber(options),
  ]);
  return { agent, list, numbers };
}

function who(flow, list) {
  if (flow.contact_list_id) return list ? t("flows.list_of", { name: list.name, n: list.size }) : t("flows.no_list");
  if (flow.branches.length) return t("flows.tagged", { tags: flow.branches.join(", ") });
  return t("flows.everybody");
}

function from(flow, numbers) {
  if (!flow.phone_numbers.length) return t("flows.any_number");
  const shown = flow.phone_numbers.map((id) => phone(numbers?.find(({ uuid }) => uuid === id)?.number ?? id));
  const how = shown.length > 1 ? ` · ${word("flows.distributions", flow.distribution)}` : "";
  return shown.join(", ") + how;
}

function retries(flow) {
  if (!flow.retry_attempts || !flow.retry_on.length) return t("flows.no_retries");
  const on = flow.retry_on.map((outcome) => word("flows.outcomes", outcome)).join(", ");
  return t("flows.retries_of", { n: flow.retry_attempts, delay: [flow.retry_delay_minutes].flat().join(", "), on });
}

function hours({ time_window: window }) {
  if (!window) return t("flows.legal_hours");
  const days = (window.days ?? []).map((day) => word("flows.weekdays", day)).join(", ");
  const off = window.holidays?.length ? ` · ${t("flows.holidays_of", { n: window.holidays.length })}` : "";
  return `${window.start}–${window.end} ${window.timezone}${days ? ` · ${days}` : ""}${off}`;
}

function dates({ start_date: start, end_date: end }) {
  if (!start && !end) return t("flows.any_day");
  return `${start ? date(start) : "…"} – ${end ? date(end) : "…"}`;
}
