// An account that is connected: what is known of it, and whether the provider accepts it.

import { del, post } from "../../core/api.js";
import { ago, dateTime } from "../../core/format.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/card.js";
import { confirm } from "../../parts/dialog.js";
import { Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";

const WRITE = "voice:integrations:write";

export function ConnectedAccount({ path, account, name, schema, onChanged }) {
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const check = async () => {
    setBusy(true);
    setError(null);
    try {
      await post(`${path}/check`);
      onChanged();
    } catch (refused) {
      setError(refused);
    }
    setBusy(false);
  };
  const actions = html`
    <${Button} scope=${WRITE} busy=${busy} onClick=${check}>${t("integrations.check")}<//>
    <${Button} scope=${WRITE} kind="danger" onClick=${() => disconnected(path, name, onChanged)}>${t("integrations.disconnect")}<//>`;
  const known = Object.keys(schema.properties).filter((field) => account[field]);
  return html`<${Card} title=${t(account.checked_at && !account.trouble ? "integrations.current" : "integrations.saved_account")} actions=${actions}>
    ${error && html`<div class="gap"><${Problem} error=${error} /></div>`}
    <dl class="facts">
      ${known.map((field) => html`<dt>${t(`integrations.field.${field}`)}</dt><dd class="mono">${account[field]}</dd>`)}
      <dt>${t("integrations.saved_at")}</dt><dd>${dateTime(account.connected_at)}</dd>
      <dt>${t("integrations.check_title")}</dt><dd><${Said} account=${account} name=${name} /></dd>
    </dl>
  <//>`;
}

/** What the provider said when it was last asked. */
function Said({ account, name }) {
  if (!account.checked_at) return html`<span class="soft">${t("integrations.never_checked")}</span>`;
  const last = html`<span class="soft small">${t("integrations.last_checked", { ago: ago(account.checked_at) })}</span>`;
  if (account.trouble) return html`<span class="row" role="status"><${Badge} tone="bad">${t("integrations.trouble")}<//> ${account.trouble} ${last}</span>`;
  return html`<span class="row" role="status"><${Badge} tone="good">✓<//> ${t("integrations.check_ok", { name })} ${last}</span>`;
}

async function disconnected(path, name, onChanged) {
  const sure = await confirm({
    title: t("integrations.disconnect_title", { name }), text: t("integrations.disconnect_text"), action: t("integrations.disconnect"),
  });
  if (!sure) return;
  if (!(await attempted(() => del(path)))) return;
  toast(t("integrations.disconnected", { name }));
  onChanged();
}
