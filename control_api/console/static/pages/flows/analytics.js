// What a campaign has come to, in figures.

import { get } from "../../core/api.js";
import { duration, money, number, percent } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { t, word } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Card, Stat } from "../../parts/card.js";
import { Page } from "../../parts/page.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Columns } from "./analytics_columns.js";
import { crumbs } from "./flow_crumbs.js";
import { Download } from "./flow_files.js";
import { Shares } from "./flow_shares.js";

export default function Analytics({ params }) {
  const { id } = params;
  const found = useResource(async (options) => {
    const [flow, figures] = await Promise.all([get(`/flows/${id}`, {}, options), get(`/flows/${id}/analytics`, {}, options)]);
    return { flow, figures };
  }, [id]);
  const flow = found.data?.flow ?? null;
  const actions = html`
    <${Download} path=${`/flows/${id}/analytics.csv`} name=${`${id}-analytics.csv`}>${t("flows.figures_csv")}<//>
    <${Download} path=${`/flows/${id}/attempts.csv`} name=${`${id}-attempts.csv`}>${t("flows.attempts_csv")}<//>
  `;
  const title = flow ? t("flows.analytics_of", { name: flow.name }) : t("flows.analytics");
  return html`<${Page} title=${title} crumbs=${crumbs(flow, true)} actions=${flow && actions}>
    <${Loaded} resource=${found} lines=${8}>${({ figures }) => html`<${Figures} id=${id} figures=${figures} />`}<//>
  <//>`;
}

function Figures({ id, figures }) {
  const { funnel, retries, cost } = figures;
  if (!funnel.contacts)
    return html`<${Empty} title=${t("flows.no_figures")} text=${t("flows.no_figures_text")} action=${{ label: t("flows.to_flow"), href: href(`/flows/${id}`) }} />`;
  const attempts = Object.values(figures.outcomes).reduce((sum, n) => sum + n, 0);
  return html`
    <div class="stats card">
      <${Stat} label=${t("flows.attempts")} value=${number(attempts)} />
      <${Stat} label=${t("flows.reached")} value=${funnel.attempted ? percent(funnel.connected / funnel.attempted) : "–"} hint=${t("flows.reached_hint")} />
      <${Stat} label=${t("flows.avg_talk")} value=${duration(figures.avg_talk_seconds)} />
      <${Stat} label=${t("flows.retries_won")} value=${number(retries.connected)} hint=${t("flows.retries_hint", { n: number(retries.attempts) })} />
      <${Stat} label=${t("flows.cost")} value=${money(cost.total)} hint=${cost.per_connected === null ? t("flows.credits") : t("flows.cost_each", { n: money(cost.per_connected) })} />
    </div>
    <div class="grid">
      <${Card} title=${t("flows.funnel")}><${Shares} shares=${steps(funnel)} whole=${funnel.contacts} /><//>
      <${Card} title=${t("flows.by_outcome")}><${Shares} shares=${outcomes(figures.outcomes)} /><//>
    </div>
    <${Card} title=${t("flows.by_hour")}>
      <p class="hint">${t("flows.zone_hint", { zone: figures.timezone })}</p>
      <${Columns} label=${t("flows.by_hour")} shares=${figures.by_hour.map((share) => ({ ...share, name: String(share.hour).padStart(2, "0") }))} />
    <//>
    <div class="grid">
      <${Card} title=${t("flows.by_weekday")}>
        <${Columns} label=${t("flows.by_weekday")} shares=${figures.by_weekday.map((share) => ({ ...share, name: word("flows.weekdays", share.weekday) }))} />
      <//>
      <${Card} title=${t("flows.by_attempt")}>
        ${figures.by_attempt.length
          ? html`<${Columns} label=${t("flows.by_attempt")} shares=${figures.by_attempt.map((share) => ({ ...share, name: t("flows.attempt_n", { n: share.attempt }) }))} />`
          : html`<${Empty} text=${t("flows.no_attempts")} />`}
      <//>
    </div>
    <${Card} title=${t("flows.left_out")}>
      ${funnel.skipped ? html`<${Shares} shares=${reasons(figures.skipped)} />` : html`<p class="hint">${t("flows.nobody_left_out")}</p>`}
    <//>
    <p><${Button} href=${href(`/flows/${id}`, { tab: "contacts" })}>${t("flows.to_contacts")}<//></p>
  `;
}

function steps(funnel) {
  const names = ["contacts", "attempted", "reached", "connected"];
  const others = ["waiting", "in_flight", "skipped", "cancelled"].filter((name) => funnel[name] > 0);
  return [
    ...names.map((name) => ({ name: t(`flows.funnel_of.${name}`), n: funnel[name], tone: "accent" })),
    ...others.map((name) => ({ name: t(`flows.funnel_of.${name}`), n: funnel[name], tone: "pending" })),
  ];
}

const outcomes = (counts) => Object.entries(counts).map(([name, n]) => ({ name: word("flows.outcomes", name), n, tone: name }));

const reasons = (skipped) =>
  Object.entries(skipped)
    .filter(([, n]) => n > 0)
    .map(([name, n]) => ({ name: word("flows.reasons", name), n, tone: "skipped" }));
