// The voices that agents can choose, and those that are the organisation's own.

import { setQuery } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Page } from "../../parts/page.js";
import { Tabs } from "../../parts/tabs.js";
import { VoicesCatalogue } from "./voices_catalogue.js";
import { VoicesOwn } from "./voices_own.js";

export default function Voices({ query }) {
  const tab = query.tab === "own" ? "own" : "catalogue";
  const items = ["catalogue", "own"].map((id) => ({ id, title: t(`voices.${id}`) }));
  const create = html`<${Button} scope="voice:models:write" kind="primary" onClick=${() => setQuery({ tab: "own", edit: "new" })}>${t("voices.new")}<//>`;
  return html`<${Page} title=${t("voices.title")} lead=${t("voices.lead")} actions=${create}>
    <${Tabs} label=${t("voices.title")} items=${items} active=${tab} onPick=${(id) => setQuery({ tab: id === "own" ? id : null, edit: null })} />
    ${tab === "own" ? html`<${VoicesOwn} isMaking=${query.edit === "new"} create=${create} />` : html`<${VoicesCatalogue} query=${query} />`}
  <//>`;
}
