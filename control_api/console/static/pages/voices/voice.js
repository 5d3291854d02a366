// One voice of the organisation's own: its recording, its dataset, whether agents can choose it.

import { del, get, post } from "../../core/api.js";
import { dateTime } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { go, href } from "../../core/router.js";
import { t, word } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/card.js";
import { confirm } from "../../parts/dialog.js";
import { Page } from "../../parts/page.js";
import { Sound } from "../../parts/sound.js";
import { Loaded } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { VoiceConsent } from "./voice_consent.js";
import { VoiceDataset } from "./voice_dataset.js";
import { VoiceState } from "./voices_own.js";

export default function VoicePage({ params }) {
  const path = `/models/speakers/${encodeURIComponent(params.name)}`;
  const speaker = useResource((options) => get(path, {}, options), [path]);
  const [busy, setBusy] = useState(false);
  const { data } = speaker;
  const done = async (work, said, values = params) => {
    setBusy(true);
    if (await attempted(work)) {
      toast(t(said, values));
      speaker.reload();
    }
    setBusy(false);
  };
  const undeploy = async () => {
    const { name } = params;
    const asked = { title: t("voices.undeploy_title", { name }), text: t("voices.undeploy_text"), action: t("voices.undeploy") };
    if (await confirm(asked)) await done(() => del(`${path}/deploy`), "voices.undeployed_now");
  };
  const actions = data && html`
    ${data.deployed
      ? html`<${Button} scope="voice:models:write" busy=${busy} onClick=${undeploy}>${t("voices.undeploy")}<//>`
      : html`<${Button} scope="voice:models:write" kind="primary" busy=${busy} onClick=${() => done(() => post(`${path}/deploy`), "voices.deployed_now")}>${t("voices.deploy")}<//>`}
    <${Button} scope="voice:models:write" kind="danger" onClick=${() => removed(path, params)}>${t("voices.delete")}<//>`;
  return html`<${Page} title=${params.name} lead=${data?.description} actions=${actions}
    crumbs=${[{ title: t("voices.title"), href: href("/voices", { tab: "own" }) }]}>
    <${Loaded} resource=${speaker}>
      ${(shown) => html`
        <${Card} title=${t("voices.reference")}>
          <dl class="facts">
            <dt>${t("voices.state")}</dt>
            <dd><span class="row"><${VoiceState} isDeployed=${shown.deployed} /> <span class="soft">${t(shown.deployed ? "voices.is_deployed" : "voices.is_not_deployed")}</span></span></dd>
            <dt>${t("voices.consent")}</dt>
            <dd><${VoiceConsent} path=${path} speaker=${shown} onChanged=${speaker.reload} /></dd>
            ${shown.engine && html`<dt>${t("voices.engine")}</dt><dd>${word("voices", shown.engine)}</dd>`}
            ${shown.deployed && html`<dt>${t("voices.catalogue_id")}</dt><dd class="mono">${shown.voice_sample_uuid}</dd>`}
            <dt>${t("voices.language")}</dt><dd>${shown.language}</dd>
            <dt>${t("voices.created")}</dt><dd>${dateTime(shown.created_at)}</dd>
            <dt>${t("voices.sample")}</dt>
            <dd><${Sound} path=${`${path}/reference`} label=${t("voices.listen")} about=${t("voices.reference")} /></dd>
          </dl>
        <//>
        <${VoiceDataset} path=${path} name=${params.name} />`}
    <//>
  <//>`;
}

async function removed(path, { name }) {
  const sure = await confirm({ title: t("voices.delete_title", { name }), text: t("voices.delete_text"), action: t("voices.delete") });
  if (!sure) return;
  if (!(await attempted(() => del(path)))) return;
  toast(t("voices.deleted", { name }));
  go("/voices", { tab: "own" });
}
