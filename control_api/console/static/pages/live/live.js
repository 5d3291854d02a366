import { get } from "../../core/api.js";
import { duration, time } from "../../core/format.js";
import { href } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { CallStatus, Who, agentOf, callKind, flowOf } from "../../parts/call_words.js";
import { Page } from "../../parts/page.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Table } from "../../parts/table.js";
import { useNow } from "../../parts/now.js";

const EVERY = 2000; // milliseconds
const SHOWN = 100;

export default function Live() {
  const live = useResource((o) => get("/calls/live", { call_type: "all", limit: SHOWN }, o), [], { every: EVERY });
  const now = useNow();
  const columns = [
    { key: "who", title: t("live.who"), render: (call) => html`<${Who} call=${call} />` },
    { key: "kind", title: t("live.kind"), render: callKind },
    { key: "flow", title: t("calls.flow"), render: flowOf },
    { key: "agent", title: t("calls.agent"), render: agentOf },
    { key: "status", title: t("live.status"), render: (call) => html`<${CallStatus} status=${call.status} />` },
    { key: "since", title: t("live.since"), render: (call) => time(call.since) },
    { key: "length", title: t("live.length"), align: "end", render: (call) => duration((now - new Date(call.since)) / 1000) },
  ];
  return html`
    <${Page} title=${t("live.title")} lead=${t("live.lead")}>
      <${Loaded} resource=${live}>${({ calls, total }) => html`
        <${Table} columns=${columns} rows=${calls} link=${(call) => href(`/live/${call.uuid}`)} label=${t("live.title")}
          empty=${html`<${Empty} title=${t("live.none")} text=${t("live.none_text")}
            action=${{ label: t("live.none_action"), href: href("/flows") }} />`} />
        ${total > calls.length && html`<p class="soft">${t("live.more", { n: total - calls.length })}</p>`}
      `}<//>
    <//>`;
}
