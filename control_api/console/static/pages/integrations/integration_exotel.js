// What somebody has to enter at Exotel, ready to be copied.

import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Card } from "../../parts/card.js";
import { CopyButton } from "../../parts/copy.js";
import { Notice } from "../../parts/notice.js";

export function ExotelAddresses({ account }) {
  const { origin, protocol, hostname, host } = new URL(account.passthru_url);
  const socket = `${protocol === "https:" ? "wss:" : "ws:"}//${host}/ws/exotel`;
  const isPublic = protocol === "https:" && !/^(localhost|127\.|0\.0\.0\.0|\[::1\])/.test(hostname);
  const steps = [
    ["voicebot", socket],
    ["passthru", account.passthru_url],
    ["connect", account.connect_url],
    ["again", socket],
  ];
  return html`<${Card} title=${t("integrations.paste")}>
    <div class="stack">
      ${!isPublic && html`<${Notice} tone="warn" title=${t("integrations.not_public_title")}><p>${t("integrations.not_public_text", { url: origin })}</p><//>`}
      <p class="soft">${t("integrations.paste_text")}</p>
      <ol class="applets">
        ${steps.map(([step, address]) => html`<li key=${step}><${Step} step=${step} address=${address} /></li>`)}
      </ol>
      <div class="applet"><${Step} step="status" address=${`${origin}/webhooks/exotel/status`} /></div>
      <p class="soft small">${t("integrations.secret_urls")}</p>
    </div>
  <//>`;
}

function Step({ step, address }) {
  return html`
    <h3>${t(`integrations.step.${step}`)}</h3>
    <div class="copyable">
      <code>${address}</code>
      <${CopyButton} text=${address} label=${t("integrations.copy")} />
    </div>
    <p class="hint">${t(`integrations.step.${step}_text`)}</p>`;
}
