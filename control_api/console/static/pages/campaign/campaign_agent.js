// Step 2: who calls.

import { get } from "../../core/api.js";
import { useResource } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { TextArea } from "../../parts/fields.js";
import { Empty, Loaded } from "../../parts/states.js";
import { AgentFace } from "../agents/agent_face.js";
import { Variables } from "../agents/agent_variables.js";

export function AgentStep({ draft, errors, onChange }) {
  const agents = useResource((options) => get("/agents", {}, options));
  return html`<${Loaded} resource=${agents}>
    ${(found) =>
      found.length
        ? html`<${Choice} ...${{ agents: found, draft, errors, onChange }} />`
        : html`<${Empty} title=${t("agents.none")} text=${t("agents.none_text")} action=${{ label: t("agents.new"), href: href("/agents/new") }} />`}
  <//>`;
}

function Choice({ agents, draft, errors, onChange }) {
  const chosen = agents.find(({ uuid }) => uuid === draft.voice_agent_id);
  const greeting = draft.greeting || chosen?.config.greeting || "";
  return html`
    <fieldset class="choices" aria-describedby=${errors.voice_agent_id ? "agent-error" : undefined}>
      <legend>${t("flows.fields.voice_agent_id")}</legend>
      ${agents.map((agent) => html`<label key=${agent.uuid} class="choice">
        <input type="radio" name="agent" checked=${agent.uuid === draft.voice_agent_id} onChange=${() => onChange({ voice_agent_id: agent.uuid })} />
        <${AgentFace} agent=${agent} />
        <span class="choice-words"><strong>${agent.name}</strong> <span class="hint">${agent.role}</span></span>
      </label>`)}
    </fieldset>
    ${errors.voice_agent_id && html`<p class="error" id="agent-error" role="alert">${errors.voice_agent_id}</p>`}
    <${TextArea} label=${t("flows.fields.greeting")} rows="2" value=${draft.greeting} error=${errors.config}
      placeholder=${chosen?.config.greeting ?? ""} hint=${t("flows.greeting_hint")} onInput=${(text) => onChange({ greeting: text })} />
    <${Variables} text=${`${greeting} ${chosen?.config.prompt ?? ""}`} />
  `;
}
