// A campaign: how far it is, who is in it, and how it was set up.

import { href, setQuery } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Tabs } from "../../parts/tabs.js";
import { FlowContacts } from "./flow_contacts.js";
import { FlowProgress } from "./flow_progress.js";
import { FlowSettings } from "./flow_settings.js";

const TABS = { progress: FlowProgress, contacts: FlowContacts, settings: FlowSettings };

export function FlowCampaign({ flow, query, onChange }) {
  const active = query.tab in TABS ? query.tab : "progress";
  const Tab = TABS[active];
  const items = Object.keys(TABS).map((id) => ({ id, title: t(`flows.tabs.${id}`) }));
  return html`
    <div class="tabs-line">
      <${Tabs} label=${flow.name} items=${items} active=${active} onPick=${(tab) => setQuery({ tab, contact: null, state: null, page: null })} />
      <${Button} small href=${href(`/flows/${flow.uuid}/analytics`)}>${t("flows.analytics")}<//>
    </div>
    <div role="tabpanel" aria-label=${t(`flows.tabs.${active}`)}>
      <${Tab} flow=${flow} query=${query} onChange=${onChange} />
    </div>
  `;
}
