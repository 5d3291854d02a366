// Step 6: what a launch would do, and the launch.

import { get, post } from "../../core/api.js";
import { dateTime, number, phone } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { go, href } from "../../core/router.js";
import { t, word } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Card, Stat } from "../../parts/card.js";
import { confirm } from "../../parts/dialog.js";
import { Notice } from "../../parts/notice.js";
import { Loaded, Problem } from "../../parts/states.js";
import { Table } from "../../parts/table.js";
import { toast } from "../../parts/toast.js";
import { Schedule } from "../flows/flow_moves.js";
import { FlowSettings } from "../flows/flow_settings.js";

export function ReviewStep({ flow, onBack }) {
  const preview = useResource((options) => previewed(flow.uuid, options), [flow.uuid, flow.updated_at]);
  return html`
    <div class="form">
      <${Loaded} resource=${preview} lines=${6}>${(found) => html`<${Preview} preview=${found} />`}<//>
      <${FlowSettings} flow=${flow} />
      <${Start} flow=${flow} onBack=${onBack} queued=${preview.data?.customers_queued ?? 0} />
    </div>
  `;
}

async function previewed(id, options) {
  const found = await get(`/flows/${id}/preview`, {}, options);
  const people = await Promise.all(found.greetings.map(({ customer_uuid: customer }) => get(`/customers/${customer}`, {}, options)));
  return { ...found, people };
}

function Preview({ preview }) {
  const skipped = Object.entries(preview.skipped).filter(([, n]) => n > 0);
  const left = skipped.reduce((sum, [, n]) => sum + n, 0);
  return html`
    ${preview.warnings.length > 0 &&
    html`<${Notice} tone="warn" title=${t("flows.warnings")}><ul>${preview.warnings.map((one) => html`<li key=${one}>${one}</li>`)}</ul><//>`}
    <div class="stats">
      <${Stat} label=${t("flows.will_call")} value=${number(preview.customers_queued)} hint=${t("flows.will_call_hint")} />
      <${Stat} label=${t("flows.left_out")} value=${number(left)} hint=${skipped.map(([why, n]) => `${number(n)} ${word("flows.reasons", why).toLowerCase()}`).join(", ")} />
      <${Stat} label=${t("flows.first_call")} value=${dateTime(preview.starts_at)} />
      <${Stat} label=${t("flows.eta")} value=${dateTime(preview.expected_end)} hint=${t("flows.eta_hint")} />
    </div>
    <div class="grid">
      <${Card} title=${t("flows.samples")}>
        ${preview.greetings.length
          ? html`<ul class="samples">${preview.greetings.map(({ greeting }, at) => html`<li key=${preview.people[at].uuid}>
              <strong>${preview.people[at].name}</strong> <span class="hint">${phone(preview.people[at].phone)}</span>
              <p class="greeting">${greeting || t("flows.silent")}</p>
            </li>`)}</ul>`
          : html`<p class="hint">${t("flows.no_samples")}</p>`}
      <//>
      <${Card} title=${t("flows.places")}>
        <${Table} label=${t("flows.places")} columns=${PLACES()} rows=${preview.places.slice(0, 8)} rowKey=${(place) => place.time_zones.join()} empty=${t("flows.no_places")} />
      <//>
    </div>
  `;
}

const PLACES = () => [
  { key: "country", title: t("flows.country"), render: (place) => [place.country, place.time_zones[0]].filter(Boolean).join(" · ") },
  { key: "customers", title: t("flows.contacts"), align: "end", render: (place) => number(place.customers) },
  {
    key: "opening",
    title: t("flows.opens"),
    render: (place) => (place.is_open ? t("flows.open_now") : place.next_opening ? dateTime(place.next_opening) : t("flows.never_open")),
  },
];

function Start({ flow, onBack, queued }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const [isScheduling, setScheduling] = useState(false);
  const open = () => go(`/flows/${flow.uuid}`);
  const move = flow.status === "paused" ? "resume" : "launch";
  const start = async () => {
    const { name } = flow;
    const text = t("flows.ask.launch.text_of", { n: number(queued) });
    if (!(await confirm({ title: t("flows.ask.launch.title", { name }), text, action: t(`flows.moves.${move}`), kind: "primary" }))) return;
    setBusy(true);
    setProblem(null);
    try {
      await post(`/flows/${flow.uuid}/${move}`);
      toast(t(`flows.did.${move}`, { name, n: queued }));
      open();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  return html`
    ${problem && html`<${Problem} error=${problem} />`}
    <div class="step-end">
      <${Button} onClick=${onBack}>${t("flows.back")}<//>
      <span class="grow"></span>
      <${Button} href=${href(`/flows/${flow.uuid}`)}>${t("flows.keep_draft")}<//>
      ${flow.status === "draft" && html`<${Button} onClick=${() => setScheduling(true)}>${t("flows.schedule_later")}<//>`}
      <${Button} kind="primary" busy=${busy} onClick=${start}>${t("flows.start_now")}<//>
    </div>
    <${Schedule} flow=${flow} open=${isScheduling} onClose=${() => setScheduling(false)} onDone=${open} />
  `;
}
