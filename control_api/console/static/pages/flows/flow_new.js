// An inbound line, new or changed.

import { get, patch, post } from "../../core/api.js";
import { phone } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { go, href } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/card.js";
import { fieldErrors } from "../../parts/field_errors.js";
import { CheckField, SelectField, TextArea, TextField } from "../../parts/fields.js";
import { Page } from "../../parts/page.js";
import { Loaded, Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { useUnsaved } from "../../parts/unsaved.js";
import { everyNumber } from "./flow_choices.js";
import { crumbs } from "./flow_crumbs.js";

const FIELDS = ["name", "description", "voice_agent_id", "phone_number", "account_sid", "config"];

/** `flow`: the one that is changed; null: it is new. */
export default function FlowNew({ flow = null }) {
  const choices = useResource(async (options) => {
    const [agents, numbers] = await Promise.all([get("/agents", {}, options), everyNumber(options)]);
    return { agents, numbers };
  });
  return html`<${Page}
    title=${flow ? t("flows.edit_title", { name: flow.name }) : t("flows.new_inbound")}
    lead=${t("flows.lead_inbound")}
    crumbs=${crumbs(flow ?? { kind: "inbound" }, Boolean(flow))}
  >
    <${Loaded} resource=${choices}>${({ agents, numbers }) => html`<${LineForm} ...${{ flow, agents, numbers }} />`}<//>
  <//>`;
}

function LineForm({ flow, agents, numbers }) {
  const [draft, setDraft] = useState(() => drawn(flow));
  const [errors, setErrors] = useState({});
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const letGo = useUnsaved(JSON.stringify(draft) !== JSON.stringify(drawn(flow)));
  const field = (name) => ({
    label: t(`flows.fields.${name}`),
    value: draft[name],
    error: errors[name],
    onInput: (value) => setDraft({ ...draft, [name]: value }),
  });
  const save = async (event) => {
    event.preventDefault();
    if (!draft.name.trim()) return setErrors({ name: t("flows.name_required") });
    setBusy(true);
    setErrors({});
    setProblem(null);
    try {
      const saved = flow ? await patch(`/flows/${flow.uuid}`, body(draft, flow)) : await post("/flows", body(draft, null));
      toast(t("flows.saved", { name: saved.name }));
      letGo();
      go(`/flows/${saved.uuid}`);
    } catch (error) {
      const found = fieldErrors(error, FIELDS);
      setErrors(found);
      if (!Object.keys(found).length) setProblem(error);
      setBusy(false);
    }
  };
  const known = numbers.map(({ number, name }) => ({ value: number, label: name ? `${phone(number)} · ${name}` : phone(number) }));
  const isElse = draft.phone_number && !known.some(({ value }) => value === draft.phone_number);
  if (isElse) known.push({ value: draft.phone_number, label: phone(draft.phone_number) });
  return html`<form class="form" novalidate onSubmit=${save}>
    <${Card}>
      <${TextField} ...${field("name")} required maxlength="200" />
      <${TextField} ...${field("description")} />
      <${SelectField} ...${field("phone_number")} blank=${t("flows.no_number")} options=${known} hint=${t("flows.number_hint")} />
      <${SelectField} ...${field("voice_agent_id")} blank=${t("flows.no_agent")}
        options=${agents.map(({ uuid, name, role }) => ({ value: uuid, label: `${name} · ${role}` }))} />
      ${!agents.length && html`<p class="hint">${t("flows.no_agents_yet")} <a href=${href("/agents/new")}>${t("agents.new")}</a></p>`}
      <${TextArea} ...${field("greeting")} rows="2" error=${errors["config.greeting"]} hint=${t("flows.greeting_hint")} />
      <${TextField} ...${field("account_sid")} hint=${t("flows.account_hint")} />
      ${!flow && html`<${CheckField} ...${field("goes_live")} hint=${t("flows.goes_live_hint")} />`}
    <//>
    ${problem && html`<${Problem} error=${problem} />`}
    <div class="form-end"><${Button} kind="primary" type="submit" busy=${busy}>${t(flow ? "flows.save" : "flows.create")}<//></div>
  </form>`;
}

function drawn(flow) {
  return {
    name: flow?.name ?? "",
    description: flow?.description ?? "",
    phone_number: flow?.phone_number ?? "",
    voice_agent_id: flow?.voice_agent_id ?? "",
    greeting: flow?.config.greeting ?? "",
    account_sid: flow?.account_sid ?? "",
    goes_live: true,
  };
}

function body(draft, flow) {
  const { greeting, ...config } = flow?.config ?? {};
  const given = {
    name: draft.name,
    description: draft.description,
    phone_number: draft.phone_number || null,
    voice_agent_id: draft.voice_agent_id || null,
    account_sid: draft.account_sid || null,
    config: draft.greeting ? { ...config, greeting: draft.greeting } : config,
  };
  if (flow) return given;
  return { ...given, kind: "inbound", provider: "nextneural", status: draft.goes_live && draft.phone_number ? "active" : "draft" };
}
