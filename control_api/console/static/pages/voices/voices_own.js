// Voices made of the organisation's own recordings.

import { get } from "../../core/api.js";
import { ago } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { go, href, setQuery } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Table } from "../../parts/table.js";
import { VoiceForm } from "./voice_form.js";

export function VoicesOwn({ isMaking, create }) {
  const speakers = useResource((options) => get("/models/speakers", {}, options), []);
  return html`
    <p class="lead">${t("voices.own_lead")}</p>
    <${Loaded} resource=${speakers}>
      ${(found) => html`<${Table} label=${t("voices.own")} columns=${COLUMNS()} rows=${found} rowKey=${({ name }) => name}
        link=${({ name }) => href(`/voices/${name}`)}
        empty=${html`<${Empty} title=${t("voices.no_own")} text=${t("voices.no_own_text")} action=${create} />`} />`}
    <//>
    ${isMaking && html`<${VoiceForm} onSaved=${({ name }) => go(`/voices/${name}`)} onClose=${() => setQuery({ edit: null })} />`}`;
}

const COLUMNS = () => [
  { key: "name", title: t("voices.name") },
  { key: "language", title: t("voices.language") },
  { key: "description", title: t("voices.description"), render: ({ description }) => html`<span class="soft">${description || "–"}</span>` },
  { key: "deployed", title: t("voices.state"), render: ({ deployed }) => html`<${VoiceState} isDeployed=${deployed} />` },
  { key: "created_at", title: t("voices.created"), align: "end", render: (speaker) => ago(speaker.created_at) },
];

export function VoiceState({ isDeployed }) {
  return html`<${Badge} tone=${isDeployed ? "good" : "neutral"}>${t(isDeployed ? "voices.deployed" : "voices.not_deployed")}<//>`;
}
