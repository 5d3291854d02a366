// The organisation: its name, its limits, and what all its calls are told to do.

import { get, patch } from "../../core/api.js";
import { date } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { refreshed } from "../../core/session.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Card } from "../../parts/card.js";
import { confirm } from "../../parts/dialog.js";
import { errorAt } from "../../parts/field_errors.js";
import { NumberField, TextArea, TextField } from "../../parts/fields.js";
import { Form, objectIn, useSubmit } from "../../parts/form.js";
import { Notice } from "../../parts/notice.js";
import { Loaded } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";

const useOrganisation = () => useResource((options) => get("/organisation", {}, options));

async function saved(told) {
  const now = await patch("/organisation", told);
  toast(t("settings.saved"));
  await refreshed(); // the sidebar shows the name
  return now;
}

export function Organisation() {
  const found = useOrganisation();
  return html`<${Loaded} resource=${found}>${(one) => html`<${Limits} key=${one.uuid} organisation=${one} />`}<//>`;
}

function Limits({ organisation }) {
  const [known, setKnown] = useState(organisation);
  const [draft, setDraft] = useState(organisation);
  const state = useSubmit(["name", "max_parallel_calls", "recording_retention_days"]);
  const tied = (name) => ({
    value: draft[name],
    error: state.errors[name],
    onInput: (value) => setDraft((before) => ({ ...before, [name]: value })),
  });
  const save = async () => {
    const { name, max_parallel_calls, recording_retention_days } = draft;
    const days = recording_retention_days;
    const isShorter = days > 0 && (known.recording_retention_days === null || days < known.recording_retention_days);
    const asked = { title: t("settings.retention_title"), text: t("settings.retention_text", { n: days }), action: t("settings.retention_action") };
    if (isShorter && !(await confirm(asked))) return;
    await state.submit(async () => setKnown(await saved({ name, max_parallel_calls, recording_retention_days })));
  };
  return html`
    <${Card}>
      <${Form} state=${state} onSubmit=${save} action=${t("settings.save")} scope="voice:keys:write">
        <${TextField} label=${t("settings.name")} required maxlength="200" ...${tied("name")} />
        <div class="form-grid">
          <${NumberField} label=${t("settings.max_parallel")} min="1" step="1" hint=${t("settings.max_parallel_hint")} ...${tied("max_parallel_calls")} />
          <${NumberField} label=${t("settings.retention")} min="1" step="1" hint=${t("settings.retention_hint")} ...${tied("recording_retention_days")} />
        </div>
        <dl class="facts small">
          <dt>${t("settings.id")}</dt><dd class="mono">${organisation.uuid}</dd>
          <dt>${t("settings.created_at")}</dt><dd>${date(organisation.created_at)}</dd>
        </dl>
      <//>
    <//>`;
}

export function Defaults() {
  const found = useOrganisation();
  return html`<${Loaded} resource=${found}>${(one) => html`<${Overrides} key=${one.uuid} organisation=${one} />`}<//>`;
}

function Overrides({ organisation }) {
  const [known, setKnown] = useState(organisation);
  const [text, setText] = useState(() => shown(organisation));
  const state = useSubmit(["assistant_overrides"]);
  const save = () =>
    state.submit(async () => {
      const now = await saved({ assistant_overrides: objectIn(text, "assistant_overrides") });
      setKnown(now);
      setText(shown(now));
    });
  return html`
    <p class="soft">${t("settings.overrides_lead")}</p>
    ${known.warnings.length > 0 && html`
      <${Notice} tone="warn" title=${t("settings.warnings")}><ul>${known.warnings.map((one) => html`<li key=${one}>${one}</li>`)}</ul><//>`}
    <${Card}>
      <${Form} state=${state} onSubmit=${save} action=${t("settings.save")} scope="voice:keys:write">
        <${TextArea} label=${t("settings.overrides")} hint=${t("settings.overrides_hint")} rows=${14} class="mono" spellcheck=${false}
          value=${text} onInput=${setText} error=${errorAt(state.errors, "assistant_overrides")} />
      <//>
    <//>`;
}

const shown = ({ assistant_overrides }) => JSON.stringify(assistant_overrides, null, 2);
