// One account: connected, checked, replaced, disconnected.

import { get } from "../../core/api.js";
import { useResource } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { may } from "../../core/session.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Notice } from "../../parts/notice.js";
import { Page } from "../../parts/page.js";
import { Empty, Loaded } from "../../parts/states.js";
import { ConnectedAccount } from "./integration_account.js";
import { ConnectForm } from "./integration_form.js";
import { ExotelAddresses } from "./integration_exotel.js";

export default function Integration({ params }) {
  const { kind, provider } = params;
  const path = `/integrations/${kind}/${provider}`;
  const found = useResource(async (options) => {
    const [account, { providers }, stages] = await Promise.all([
      get(path, {}, options), get(`/integrations/${kind}`, {}, options), may("voice:agents:read") ? get("/providers", {}, options) : null,
    ]);
    return { account, about: providers.find((one) => one.provider === provider), isUsed: isUsed(kind, provider, stages) };
  }, [path]);
  const name = found.data?.about?.name ?? provider;
  const crumbs = [{ title: t("integrations.title"), href: href("/integrations") }];
  if (found.error?.status === 404) {
    const action = { label: t("integrations.title"), href: href("/integrations") };
    return html`<${Page} title=${name} crumbs=${crumbs}><${Empty} title=${t("integrations.unknown")} text=${t("integrations.unknown_text")} action=${action} /><//>`;
  }
  return html`<${Page} title=${name} crumbs=${crumbs}>
    <${Loaded} resource=${found}>
      ${({ account, about, isUsed: used }) => html`
        ${!used && html`<${Notice} title=${t("integrations.not_used_title")}><p>${t("integrations.not_used_text", { name })}</p><//>`}
        ${account.is_connected && html`<${ConnectedAccount} path=${path} account=${account} name=${name} schema=${about.account_schema} onChanged=${found.reload} />`}
        ${provider === "exotel" && account.is_connected && html`<${ExotelAddresses} account=${account} />`}
        ${may("voice:integrations:write") && html`<${ConnectForm} key=${account.connected_at} path=${path} account=${account} name=${name} schema=${about.account_schema} onChanged=${found.reload} />`}
        ${provider === "exotel" && !account.is_connected && html`<${ExotelAddresses} account=${account} />`}`}
    <//>
  <//>`;
}

const isUsed = (kind, provider, stages) => kind === "telephony" || !stages || Object.values(stages).some((all) => all.some(({ name }) => name === provider));
