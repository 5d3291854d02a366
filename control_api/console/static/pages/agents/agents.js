// Who speaks in calls.

import { get } from "../../core/api.js";
import { ago } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { href, setQuery } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { SearchField } from "../../parts/fields.js";
import { Page } from "../../parts/page.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Table } from "../../parts/table.js";
import { AgentFace } from "./agent_face.js";

export default function Agents({ query }) {
  const agents = useResource((options) => get("/agents", {}, options));
  const create = html`<${Button} kind="primary" scope="voice:agents:write" href=${href("/agents/new")}>${t("agents.new")}<//>`;
  return html`<${Page} title=${t("agents.title")} lead=${t("agents.lead")} actions=${create}>
    <${Loaded} resource=${agents}>
      ${(found) => html`<${Found} agents=${found} search=${query.search ?? ""} create=${create} />`}
    <//>
  <//>`;
}

function Found({ agents, search, create }) {
  if (!agents.length) return html`<${Empty} title=${t("agents.none")} text=${t("agents.none_text")} action=${create} />`;
  const clear = { label: t("agents.clear_search"), onClick: () => setQuery({ search: null }) };
  return html`
    <${SearchField} label=${t("agents.search")} value=${search} onInput=${(text) => setQuery({ search: text || null })} />
    <${Table}
      label=${t("agents.title")}
      columns=${COLUMNS()}
      rows=${agents.filter((agent) => matches(agent, search))}
      link=${(agent) => href(`/agents/${agent.uuid}`)}
      empty=${html`<${Empty} title=${t("agents.no_match", { search })} text=${t("agents.no_match_text")} action=${clear} />`}
    />
  `;
}

const COLUMNS = () => [
  {
    key: "name",
    title: t("agents.name"),
    render: (agent) => html`<span class="agent-name"><${AgentFace} agent=${agent} /><span>${agent.name}</span></span>`,
  },
  { key: "role", title: t("agents.role") },
  { key: "voice", title: t("agents.voice"), render: voiceOf },
  {
    key: "warnings",
    title: t("agents.notes"),
    render: ({ warnings }) => warnings.length > 0 && html`<${Badge} tone="warn">${t("agents.warned", { n: warnings.length })}<//>`,
  },
  { key: "updated_at", title: t("agents.changed"), align: "end", render: (agent) => ago(agent.updated_at) },
];

function voiceOf(agent) {
  const tts = agent.config.tts;
  if (tts && tts.provider !== "embedded") return tts.provider;
  const voice = agent.voice_config;
  if (!tts && voice && voice.provider !== "nextneural") return voice.provider;
  const speaker = tts?.options?.voice ?? voice?.speaker ?? t("agents.automatic");
  return [speaker, agent.config.language ?? voice?.language_code].filter(Boolean).join(" · ");
}

function matches(agent, search) {
  const text = `${agent.name} ${agent.role} ${agent.description}`.toLowerCase();
  return search.toLowerCase().split(/\s+/).every((piece) => text.includes(piece));
}
