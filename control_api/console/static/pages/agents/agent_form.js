// The fields of an agent, in the order in which one thinks of them.

import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { Card } from "../../parts/card.js";
import { errorAt } from "../../parts/field_errors.js";
import { CheckField, NumberField, SelectField, TextArea, TextField } from "../../parts/fields.js";
import { Variables } from "./agent_variables.js";
import { PLAN_FIELDS } from "./agent_draft.js";
import { OwnVoice } from "./agent_voice.js";
import { Stage, below } from "./agent_stage.js";

export function AgentForm({ draft, errors, providers, samples, onChange }) {
  const text = (name) => ({
    label: t(`agents.${name}`),
    value: draft[name],
    error: errors[name] ?? errorAt(errors, `config.${name}`),
    onInput: (value) => onChange({ [name]: value }),
  });
  const stage = (name, standard) => ({
    providers: providers[name],
    choice: draft.stages[name],
    standard,
    errors: below(`config.${name}`, errors),
    onChange: (choice) => onChange({ stages: { ...draft.stages, [name]: choice } }),
  });
  const standard = t("agents.standard", { name: "embedded" });
  return html`
    <${Card} title=${t("agents.about")}>
      <div class="fields-2">
        <${TextField} ...${text("name")} required maxlength="200" hint=${t("agents.name_hint")} />
        <${TextField} ...${text("role")} required maxlength="200" hint=${t("agents.role_hint")} />
      </div>
      <${TextField} ...${text("description")} />
      <${Colour} value=${draft.avatar_color} onInput=${(avatar_color) => onChange({ avatar_color })} />
    <//>
    <${Card} title=${t("agents.says")}>
      <${SelectField} ...${text("language")} blank=${t("agents.language_own")} options=${languages(samples, draft.language)} />
      <${TextArea} ...${text("greeting")} rows="2" hint=${t("agents.greeting_hint")} />
      <${TextArea} ...${text("prompt")} rows="8" hint=${t("agents.prompt_hint")} />
      <${Variables} text=${`${draft.greeting} ${draft.prompt}`} />
    <//>
    <${Card} title=${t("agents.speaks")}>
      <${Stage} ...${stage("tts", t("agents.own_voice"))} />
      ${!draft.stages.tts.provider &&
      html`<${OwnVoice}
        voice=${draft.voice}
        language=${draft.language}
        samples=${samples}
        error=${errorAt(errors, "voice_config")}
        onSpeaker=${(speaker) => onChange({ voice: { ...draft.voice, speaker } })}
      />`}
    <//>
    <${Card} title=${t("agents.hears")}><${Stage} ...${stage("stt", standard)} /><//>
    <${Card} title=${t("agents.thinks")}><${Stage} ...${stage("llm", standard)} /><//>
    <${Card} title=${t("agents.during")}>
      <${CheckField} ...${text("record")} />
      <${CheckField} ...${text("smart_turn")} />
      <${NumberField} ...${text("max_seconds")} min="1" hint=${t("agents.max_seconds_hint")} />
    <//>
    <${Card} title=${t("agents.experts")}>
      <${TextArea} ...${text("plan")} error=${errors.plan ?? elsewhere(errors)} rows="4" class="mono" spellcheck="false" hint=${t("agents.plan_hint")} />
      <${TextArea}
        ...${text("overrides")}
        rows="8"
        class="mono"
        spellcheck="false"
        error=${errors.overrides ?? errorAt(errors, "assistant_overrides")}
        hint=${t("agents.overrides_hint")}
      />
    <//>
  `;
}

/** What is wrong with the part of the plan that has no field of its own. */
function elsewhere(errors) {
  return Object.entries(errors).find(([path]) => path.startsWith("config.") && !PLAN_FIELDS.includes(path.split(".")[1]))?.[1];
}

function Colour({ value, onInput }) {
  const colour = value.length === 4 ? `#${[...value.slice(1)].map((digit) => digit + digit).join("")}` : value.slice(0, 7);
  return html`<${TextField} type="color" class="colour" label=${t("agents.color")} value=${colour} onInput=${onInput} />`;
}

function languages(samples, current) {
  const known = new Map(samples.map(({ language_code, language_name }) => [language_code, language_name]));
  if (current && !known.has(current)) known.set(current, current);
  return [...known].map(([value, name]) => ({ value, label: name === value ? name : `${name} (${value})` }));
}
