// One agent: made, changed, copied and deleted.

import { del, get, patch, post } from "../../core/api.js";
import { go, href } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { may } from "../../core/session.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { confirm } from "../../parts/dialog.js";
import { fieldErrors } from "../../parts/field_errors.js";
import { Notice } from "../../parts/notice.js";
import { Page } from "../../parts/page.js";
import { Loading, Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { useUnsaved } from "../../parts/unsaved.js";
import { blank, body, copied, drawn } from "./agent_draft.js";
import { AgentForm } from "./agent_form.js";

const FIELDS = ["name", "role", "description", "avatar_color", "voice_config", "config", "assistant_overrides"];

export default function AgentPage({ params, query }) {
  const source = params.id ?? query.from;
  const agent = useResource((options) => (source ? get(`/agents/${source}`, {}, options) : null), [source ?? ""]);
  const providers = useResource((options) => get("/providers", {}, options));
  const samples = useResource((options) => get("/samples", {}, options));
  const error = agent.error ?? providers.error ?? samples.error;
  const retry = () => [agent, providers, samples].forEach(({ reload }) => reload());
  const isThere = (agent.data || (!source && !agent.loading)) && providers.data && samples.data;
  if (!isThere)
    return html`<${Page} title=${t(params.id ? "agents.title" : "agents.new")} crumbs=${CRUMBS()}>
      ${error ? html`<${Problem} error=${error} retry=${retry} />` : html`<${Loading} />`}
    <//>`;
  const known = params.id ? agent.data : null;
  let draft = agent.data ? drawn(agent.data) : blank();
  if (agent.data && !known) draft = copied(draft, t("agents.copy_of", { name: draft.name }));
  return html`<${Editor}
    key=${known?.updated_at ?? source ?? "new"}
    known=${known}
    initial=${draft}
    isCopy=${!known && Boolean(source)}
    providers=${providers.data}
    samples=${samples.data}
    onSaved=${agent.reload}
  />`;
}

const CRUMBS = () => [{ title: t("agents.title"), href: href("/agents") }];

function Editor({ known, initial, isCopy, providers, samples, onSaved }) {
  const [draft, setDraft] = useState(initial);
  const [errors, setErrors] = useState({});
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const letGo = useUnsaved(JSON.stringify(draft) !== JSON.stringify(initial));

  async function save(event) {
    event.preventDefault();
    const missing = ["name", "role"].filter((field) => !draft[field].trim());
    if (missing.length)
      return setErrors(Object.fromEntries(missing.map((field) => [field, t("agents.required", { field: t(`agents.${field}`) })])));
    setBusy(true);
    setProblem(null);
    setErrors({});
    try {
      const given = body(draft);
      const saved = known ? await patch(`/agents/${known.uuid}`, given) : await post("/agents", given);
      toast(t(known ? "agents.saved" : "agents.created", { name: saved.name }));
      letGo();
      if (known) onSaved();
      else go(`/agents/${saved.uuid}`);
    } catch (error) {
      if (error instanceof SyntaxError) setErrors({ [error.field]: t(`agents.${error.kind}`, { reason: error.message }) });
      else {
        const found = fieldErrors(error, FIELDS);
        setErrors(found);
        setProblem(Object.keys(found).length ? null : error);
      }
    }
    setBusy(false);
  }

  return html`<${Page}
    title=${known?.name ?? t("agents.new")}
    crumbs=${CRUMBS()}
    actions=${known && html`<${Actions} agent=${known} onProblem=${setProblem} onGone=${letGo} />`}
  >
    ${known && !known.is_active && html`<${Notice} tone="warn">${t("agents.gone")}<//>`}
    ${!may("voice:agents:write") && html`<${Notice}>${t("agents.read_only")}<//>`}
    ${isCopy && html`<${Notice}>${t("agents.copied")}<//>`}
    ${known?.warnings.length > 0 &&
    html`<${Notice} tone="warn" title=${t("agents.warnings")}>
      <ul>${known.warnings.map((warning) => html`<li>${warning}</li>`)}</ul>
    <//>`}
    <form class="form" onSubmit=${save} novalidate>
      <fieldset class="form bare" disabled=${!may("voice:agents:write")}>
        <${AgentForm} ...${{ draft, errors, providers, samples }} onChange=${(more) => setDraft((before) => ({ ...before, ...more }))} />
      </fieldset>
      <div class="form-end">
        ${problem && html`<${Problem} error=${problem} />`}
        ${Object.keys(errors).length > 0 && html`<p class="error" role="alert">${t("agents.unsaved_fields")}</p>`}
        <${Button} kind="primary" scope="voice:agents:write" type="submit" busy=${busy} disabled=${known && !known.is_active}>
          ${t(known ? "agents.save" : "agents.create")}
        <//>
      </div>
    </form>
  <//>`;
}

function Actions({ agent, onProblem, onGone }) {
  const remove = async () => {
    const name = agent.name;
    const isMeant = await confirm({
      title: t("agents.delete_title", { name }),
      text: t("agents.delete_text"),
      action: t("agents.delete"),
      kind: "danger",
    });
    if (!isMeant) return;
    try {
      await del(`/agents/${agent.uuid}`);
      toast(t("agents.deleted", { name }));
      onGone();
      go("/agents");
    } catch (error) {
      onProblem(error);
    }
  };
  return html`
    <${Button} scope="voice:campaigns:write" href=${href("/flows/new/campaign", { agent: agent.uuid })}>${t("agents.flow_new")}<//>
    <${Button} scope="voice:agents:write" href=${href("/agents/new", { from: agent.uuid })}>${t("agents.duplicate")}<//>
    ${agent.is_active && html`<${Button} scope="voice:agents:write" kind="danger" onClick=${remove}>${t("agents.delete")}<//>`}
  `;
}
