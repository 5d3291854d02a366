// Changing a flow: each kind in its own form.

import { get } from "../../core/api.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Page } from "../../parts/page.js";
import { Loading, Problem } from "../../parts/states.js";
import Campaign from "../campaign/campaign.js";
import { crumbs } from "./flow_crumbs.js";
import FlowNew from "./flow_new.js";

export default function FlowEdit({ params, query }) {
  const flow = useResource((options) => get(`/flows/${params.id}`, {}, options), [params.id]);
  if (!flow.data)
    return html`<${Page} title=${t("flows.flow")} crumbs=${crumbs(null)}>
      ${flow.error ? html`<${Problem} error=${flow.error} retry=${flow.reload} />` : html`<${Loading} />`}
    <//>`;
  return flow.data.kind === "inbound"
    ? html`<${FlowNew} flow=${flow.data} />`
    : html`<${Campaign} key=${params.id} flow=${flow.data} query=${query} params=${params} />`;
}
