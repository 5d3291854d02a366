// One flow: a campaign as it goes on, or an inbound line.

import { get } from "../../core/api.js";
import { useResource } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Notice } from "../../parts/notice.js";
import { Page } from "../../parts/page.js";
import { Loading, Problem } from "../../parts/states.js";
import { FlowCampaign } from "./flow_campaign.js";
import { crumbs } from "./flow_crumbs.js";
import { FlowLine } from "./flow_line.js";
import { Moves } from "./flow_moves.js";
import { State } from "./flow_state.js";

export default function FlowPage({ params, query }) {
  const flow = useResource((options) => get(`/flows/${params.id}`, { include_metrics: true }, options), [params.id]);
  const known = flow.data;
  if (!known)
    return html`<${Page} title=${t("flows.flow")} crumbs=${crumbs(null)}>
      ${flow.error ? html`<${Problem} error=${flow.error} retry=${flow.reload} />` : html`<${Loading} />`}
    <//>`;
  const Kind = known.kind === "inbound" ? FlowLine : FlowCampaign;
  return html`<${Page}
    title=${known.name}
    lead=${known.description}
    crumbs=${crumbs(known)}
    actions=${html`
      <${State} flow=${known} />
      <${Button} scope="voice:calls:write" href=${href(`/flows/${known.uuid}/try`)}>${t("flows.try")}<//>
      <${Moves} flow=${known} onDone=${flow.reload} />
    `}
  >
    ${flow.error && html`<${Problem} error=${flow.error} retry=${flow.reload} />`}
    ${known.pause_reason && html`<${Notice} tone="warn" title=${t(`flows.why_${known.status}`)}><p>${known.pause_reason}</p><//>`}
    ${known.warnings.length > 0 &&
    html`<${Notice} tone="warn" title=${t("flows.warnings")}><ul>${known.warnings.map((one) => html`<li>${one}</li>`)}</ul><//>`}
    <${Kind} flow=${known} query=${query} onChange=${flow.reload} />
  <//>`;
}
