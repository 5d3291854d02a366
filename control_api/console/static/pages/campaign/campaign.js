// The six steps to a campaign. The step stands in the address; what was entered stays while one moves.

import { patch, post } from "../../core/api.js";
import { go, href, route } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html, useEffect, useRef, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { fieldErrors } from "../../parts/field_errors.js";
import { Page } from "../../parts/page.js";
import { Problem } from "../../parts/states.js";
import { FIELDS, STEPS, blank, body, drawn, furthest, missing, stepOf, useDraft } from "./campaign_draft.js";
import { AgentStep } from "./campaign_agent.js";
import { ContactsStep } from "./campaign_contacts.js";
import { NumbersStep } from "./campaign_numbers.js";
import { ReviewStep } from "./campaign_review.js";
import { SettingsStep } from "./campaign_settings.js";
import { CreateStep } from "./campaign_create.js";
import { crumbs } from "../flows/flow_crumbs.js";

const FORMS = [CreateStep, AgentStep, ContactsStep, NumbersStep, SettingsStep];

/** `flow`: the one that is changed; null: it is new. */
export default function Campaign({ flow = null, query }) {
  const name = flow ? `${flow.uuid}.${flow.updated_at}` : "new";
  return html`<${Wizard} key=${name} name=${name} flow=${flow} query=${query} />`;
}

function Wizard({ name, flow, query }) {
  const [draft, change, settle] = useDraft(name, flow ? drawn(flow) : blank(), query.agent && { voice_agent_id: query.agent });
  const [saved, setSaved] = useState(flow);
  const [errors, setErrors] = useState({});
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const heading = useRef(null);
  const isSaved = saved !== null && isSame(draft, saved);
  const last = Math.min(furthest(draft), isSaved ? STEPS.length : FORMS.length);
  const step = Math.min(Math.max(1, Number(query.step) || 1), last);

  const shown = useRef(step);

  useEffect(() => {
    if (shown.current !== step) heading.current?.focus();
    shown.current = step;
  }, [step]);

  const open = (to) => {
    setErrors({});
    setProblem(null);
    go(route.value.path, { ...route.value.query, step: to, agent: null });
  };

  const restart = () => {
    settle(blank());
    open(1);
  };

  async function next(event) {
    event.preventDefault();
    const lacking = missing(step, draft);
    if (Object.keys(lacking).length) {
      setErrors(Object.fromEntries(Object.entries(lacking).map(([field, why]) => [field, t(`flows.${why}`)])));
      return;
    }
    if (step < FORMS.length) return open(step + 1);
    setBusy(true);
    await keep();
    setBusy(false);
  }

  /** Saves it as a draft, which the preview needs; what the server refuses is shown in the step that asks for it. */
  async function keep() {
    setProblem(null);
    try {
      const kept = saved
        ? await patch(`/flows/${saved.uuid}`, body(draft, saved))
        : await post("/flows", { ...body(draft), kind: "outbound", provider: "nextneural" });
      settle(drawn(kept));
      setSaved(kept);
      if (flow) open(STEPS.length);
      else go(`/flows/${kept.uuid}/edit`, { step: STEPS.length });
    } catch (error) {
      const found = fieldErrors(error, FIELDS);
      const [path] = Object.keys(found);
      if (path) open(stepOf(path));
      setErrors(path ? { [path.split(".")[0]]: found[path] } : {});
      setProblem(path ? null : error);
    }
  }

  const Step = FORMS[step - 1];
  const actions = !flow && step > 1 && html`<${Button} onClick=${restart}>${t("flows.start_over")}<//>`;
  return html`<${Page} actions=${actions} title=${flow ? t("flows.edit_title", { name: flow.name }) : t("flows.new_outbound")} crumbs=${crumbs(flow ?? { kind: "outbound" }, Boolean(flow))}>
    <${Steps} step=${step} last=${last} onOpen=${open} />
    <section class="card step" aria-labelledby="step-title">
      <h2 id="step-title" tabindex="-1" ref=${heading}>${t("flows.step_of", { n: step, of: STEPS.length })}: ${t(`flows.steps.${STEPS[step - 1]}`)}</h2>
      <p class="hint">${t(`flows.steps.${STEPS[step - 1]}_text`)}</p>
      ${Step
        ? html`<form class="form" novalidate onSubmit=${next}>
            <${Step} draft=${draft} errors=${errors} onChange=${change} />
            ${problem && html`<${Problem} error=${problem} />`}
            <div class="step-end">
              ${step > 1 ? html`<${Button} onClick=${() => open(step - 1)}>${t("flows.back")}<//>` : html`<${Button} href=${href("/flows")}>${t("flows.leave")}<//>`}
              <${Button} kind="primary" type="submit" busy=${busy}>${t(step === FORMS.length ? "flows.to_review" : "flows.next")}<//>
            </div>
          </form>`
        : html`<${ReviewStep} flow=${saved} onBack=${() => open(step - 1)} />`}
    </section>
  <//>`;
}

const isSame = (draft, flow) => JSON.stringify(body(draft, flow)) === JSON.stringify(body(drawn(flow), flow));

function Steps({ step, last, onOpen }) {
  return html`<nav aria-label=${t("flows.steps_label")}>
    <ol class="steps">
      ${STEPS.map((name, at) => html`<li key=${name} class=${at + 1 < step ? "done" : ""}>
        <button type="button" disabled=${at + 1 > last} aria-current=${at + 1 === step ? "step" : undefined} onClick=${() => onOpen(at + 1)}>
          <span class="step-number">${at + 1}</span><span class="step-name">${t(`flows.steps.${name}`)}</span>
        </button>
      </li>`)}
    </ol>
  </nav>`;
}
