// What holds for the whole organisation, and for this browser.

import { setQuery } from "../../core/router.js";
import { organisation, scopes } from "../../core/session.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Notice } from "../../parts/notice.js";
import { Page } from "../../parts/page.js";
import { Tabs } from "../../parts/tabs.js";
import { Credits } from "./settings_credits.js";
import { Look } from "./settings_look.js";
import { Defaults, Organisation } from "./settings_organisation.js";

const TABS = { organisation: Organisation, credits: Credits, overrides: Defaults, look: Look };

export default function Settings({ query }) {
  const active = TABS[query.tab] ? query.tab : "organisation";
  const items = Object.keys(TABS).map((id) => ({ id, title: t(`settings.tabs.${id}`) }));
  return html`
    <${Page} title=${t("settings.title")}>
      <${Tabs} label=${t("settings.title")} items=${items} active=${active} onPick=${(tab) => setQuery({ tab, page: null })} />
      ${organisation.value && !scopes.value.has("voice:keys:write") && html`<${Notice}><p>${t("settings.not_allowed")}</p><//>`}
      <div role="tabpanel" class="stack" aria-label=${t(`settings.tabs.${active}`)}>
        <${TABS[active]} query=${query} />
      </div>
    <//>`;
}
