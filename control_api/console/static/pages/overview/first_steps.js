// What to do on a server on which nothing was made yet.

import { get } from "../../core/api.js";
import { href } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/card.js";

/** Gone once there are an agent, a flow and a call. What is there already is led to. */
export function FirstSteps() {
  const found = useResource((o) => Promise.all([get("/agents", {}, o), get("/flows", { limit: 1 }, o), get("/calls", { limit: 1 }, o)]));
  if (!found.data) return null;
  const [agents, flows, calls] = found.data;
  const isDone = { agent: agents.length > 0, flow: flows.total > 0, try: calls.total > 0 };
  if (Object.values(isDone).every(Boolean)) return null;
  const next = Object.keys(isDone).find((step) => !isDone[step]);
  const flow = flows.total > 0 && `/flows/${flows.flows[0].uuid}`;
  const agent = agents.length > 0 && `/agents/${agents[0].uuid}`;
  const places = { agent: agent || "/agents/new", flow: flow || "/flows", try: flow ? `${flow}/try` : "/flows" };
  return html`
    <${Card} title=${t("overview.start.title")}>
      <p class="soft">${t("overview.start.text")}</p>
      <ol class="first-steps">
        ${Object.entries(places).map(([step, place], at) => html`
          <li key=${step}>
            <span class="number" aria-hidden="true">${at + 1}</span>
            <div class="stack tight">
              <h3>${t(`overview.start.${step}`)} ${isDone[step] && html`<${Badge} tone="good">${t("overview.start.done")}<//>`}</h3>
              <p class="soft">${t(`overview.start.${step}_text`)}</p>
              <${Button} small kind=${step === next ? "primary" : "plain"} href=${href(place)}>${t(`overview.start.${step}_${isDone[step] ? "done" : "action"}`)}<//>
            </div>
          </li>`)}
      </ol>
    <//>`;
}
