// An inbound line: which number it answers, who speaks, and whether it takes calls.

import { get, post } from "../../core/api.js";
import { number, percent, phone } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { may } from "../../core/session.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Card, Stat } from "../../parts/card.js";
import { Problem } from "../../parts/states.js";
import { AgentFace } from "../agents/agent_face.js";

export function FlowLine({ flow, onChange }) {
  const agent = useResource(
    (options) => (flow.voice_agent_id && may("voice:agents:read") ? get(`/agents/${flow.voice_agent_id}`, {}, options) : null),
    [flow.voice_agent_id],
  );
  const { metrics } = flow;
  return html`
    <div class="stats card">
      <${Stat} label=${t("flows.today")} value=${number(metrics.calls_today)} href=${href("/calls", { flow_uuid: flow.uuid })} />
      <${Stat} label=${t("flows.calls")} value=${number(metrics.total_calls)} href=${href("/calls", { flow_uuid: flow.uuid })} />
      <${Stat} label=${t("flows.answer_rate")} value=${metrics.total_calls ? percent(metrics.answer_rate) : "–"} />
      <${Stat} label=${t("flows.talk")} value=${metrics.total_calls ? metrics.avg_handle_time : "–"} />
    </div>
    <div class="grid">
      <${Card} title=${t("flows.line")}>
        <p class="big-number">${flow.phone_number ? phone(flow.phone_number) : t("flows.no_number")}</p>
        ${flow.account_sid && html`<p class="hint">${t("flows.account_of", { sid: flow.account_sid })}</p>`}
        <${Switch} flow=${flow} onChange=${onChange} />
      <//>
      <${Card} title=${t("flows.speaks")}>
        ${agent.error && html`<${Problem} error=${agent.error} retry=${agent.reload} />`}
        ${agent.data
          ? html`<p class="agent-name"><${AgentFace} agent=${agent.data} /><span><a href=${href(`/agents/${agent.data.uuid}`)}>${agent.data.name}</a> ${agent.data.role}</span></p>`
          : !agent.loading && !agent.error && html`<p>${t("flows.no_agent")}</p>`}
        <p class="greeting">${flow.config.greeting || agent.data?.config.greeting || t("flows.agents_own")}</p>
        <${Button} scope="voice:calls:write" href=${href(`/flows/${flow.uuid}/try`)}>${t("flows.try")}<//>
      <//>
    </div>
  `;
}

function Switch({ flow, onChange }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const isOn = flow.status === "active";
  const toggle = async () => {
    setBusy(true);
    setError(null);
    try {
      await post(`/flows/${flow.uuid}/${flow.status === "draft" ? "launch" : "toggle"}`);
      onChange();
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  return html`
    <button type="button" class="switch" role="switch" aria-checked=${String(isOn)} disabled=${busy || !may("voice:campaigns:write")} onClick=${toggle}>
      <span class="switch-track" aria-hidden="true"></span>${t("flows.takes_calls")}
    </button>
    <p class="hint">${t(isOn ? "flows.line_open" : "flows.line_closed")}</p>
    ${error && html`<${Problem} error=${error} />`}
  `;
}
