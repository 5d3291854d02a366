// Accounts with carriers and providers, and what can be chosen in calls.

import { get } from "../../core/api.js";
import { ago } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { may } from "../../core/session.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Page } from "../../parts/page.js";
import { Loaded } from "../../parts/states.js";
import { Table } from "../../parts/table.js";

const KINDS = ["telephony", "voice"];
const STAGES = ["stt", "llm", "tts"];
const STANDARD = "embedded"; // what a call is made with where an agent names no provider

export default function Integrations() {
  const found = useResource(async (options) => {
    const asked = [...KINDS.map((kind) => `/integrations/${kind}`), ...(may("voice:agents:read") ? ["/providers"] : [])];
    const [telephony, voice, stages] = await Promise.all(asked.map((path) => get(path, {}, options)));
    return { telephony: telephony.providers, voice: voice.providers, stages };
  }, []);
  return html`<${Page} title=${t("integrations.title")} lead=${t("integrations.lead")}>
    <${Loaded} resource=${found}>
      ${(all) => html`
        ${KINDS.map((kind) => html`<${Accounts} key=${kind} kind=${kind} providers=${all[kind]} />`)}
        ${all.stages && html`<${Stages} stages=${all.stages} accounts=${all.voice} />`}`}
    <//>
  <//>`;
}

function Accounts({ kind, providers }) {
  const columns = [
    { key: "name", title: t("integrations.provider") },
    { key: "state", title: t("integrations.state"), render: stateOf },
  ];
  return html`<${Card} title=${t(`integrations.${kind}`)}>
    <p class="soft gap">${t(`integrations.${kind}_text`)}</p>
    <${Table} label=${t(`integrations.${kind}`)} columns=${columns} rows=${providers} rowKey=${({ provider }) => provider}
      link=${({ provider }) => href(`/integrations/${kind}/${provider}`)} />
  <//>`;
}

function stateOf({ is_connected: isConnected, connected_at: at }) {
  if (!isConnected) return html`<${Badge}>${t("integrations.not_connected")}<//>`;
  return html`<span class="row"><${Badge} tone="good">${t("integrations.connected")}<//> <span class="soft small">${ago(at)}</span></span>`;
}

function Stages({ stages, accounts }) {
  const isConnected = (name) => accounts.some((account) => account.provider === name && account.is_connected);
  return html`<${Card} title=${t("integrations.stages")}>
    <p class="soft gap">${t("integrations.stages_text")}</p>
    <div class="grid">
      ${STAGES.map((stage) => html`<section key=${stage} class="stage-list">
        <h3>${t(`integrations.${stage}`)}</h3>
        <ul>
          ${stages[stage].map((provider) => html`<li key=${provider.name} class="row apart">
            <span>${provider.name} ${provider.name === STANDARD && html`<span class="soft small" title=${t("integrations.standard_text")}>${t("integrations.standard")}</span>`}</span>
            ${usable(provider, isConnected)}
          </li>`)}
        </ul>
      </section>`)}
    </div>
  <//>`;
}

function usable({ name, needs_key: needsKey }, isConnected) {
  if (!needsKey) return html`<${Badge} tone="good">${t("integrations.built_in")}<//>`;
  if (isConnected(name)) return html`<${Badge} tone="good">${t("integrations.connected")}<//>`;
  return html`<a href=${href(`/integrations/voice/${name}`)}><${Badge} tone="warn">${t("integrations.needs_key")}<//></a>`;
}
