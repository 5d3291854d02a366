// Step 3: who is called: a list, a file that becomes one, those with some tags, or everybody.

import { get } from "../../core/api.js";
import { number } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { NumberField, SelectField } from "../../parts/fields.js";
import { Loaded } from "../../parts/states.js";
import { Upload } from "./campaign_upload.js";
import { everyList } from "../flows/flow_choices.js";

const SOURCES = ["list", "upload", "tags", "everybody"];

export function ContactsStep({ draft, errors, onChange }) {
  const known = useResource(async (options) => {
    const [lists, tags] = await Promise.all([everyList(options), get("/customers/meta/tags", {}, options)]);
    return { lists, tags };
  });
  const uploaded = (list) => {
    onChange({ source: "list", contact_list_id: list });
    known.reload();
  };
  return html`
    <fieldset class="choices">
      <legend>${t("flows.fields.source")}</legend>
      ${SOURCES.map((source) => html`<label key=${source} class="choice">
        <input type="radio" name="source" checked=${draft.source === source} onChange=${() => onChange({ source })} />
        <span class="choice-words"><strong>${t(`flows.sources.${source}`)}</strong> <span class="hint">${t(`flows.sources.${source}_text`)}</span></span>
      </label>`)}
    </fieldset>
    <${Loaded} resource=${known}>
      ${({ lists, tags }) => html`
        ${draft.source === "list" && html`<${List} ...${{ lists, draft, errors, onChange }} />`}
        ${draft.source === "upload" && html`<${Upload} name=${draft.name} onDone=${uploaded} error=${errors.contact_list_id} />`}
        ${draft.source === "tags" && html`<${Tags} ...${{ tags, draft, errors, onChange }} />`}
        ${draft.source === "everybody" && html`<${Count} query=${{}} />`}
      `}
    <//>
    <${NumberField} label=${t("flows.fields.dedupe_hours")} value=${draft.dedupe_hours} error=${errors.dedupe_hours} min="0" max="8760" step="1"
      hint=${t("flows.dedupe_hint")} onInput=${(dedupe_hours) => onChange({ dedupe_hours })} />
  `;
}

function List({ lists, draft, errors, onChange }) {
  if (!lists.length) return html`<p class="hint">${t("flows.no_lists")}</p>`;
  const options = lists.map(({ uuid, name, size }) => ({ value: uuid, label: t("flows.list_of", { name, n: number(size) }) }));
  return html`<${SelectField} label=${t("flows.fields.contact_list_id")} value=${draft.contact_list_id} blank=${t("flows.choose_list")}
    options=${options} error=${errors.contact_list_id} onInput=${(contact_list_id) => onChange({ contact_list_id })} />`;
}

function Tags({ tags, draft, errors, onChange }) {
  if (!tags.length) return html`<p class="hint">${t("flows.no_tags")}</p>`;
  const toggle = (tag, isOn) => onChange({ branches: isOn ? [...draft.branches, tag] : draft.branches.filter((one) => one !== tag) });
  return html`
    <fieldset class="several">
      <legend>${t("flows.fields.branches")}</legend>
      ${tags.map((tag) => html`<label key=${tag}>
        <input type="checkbox" checked=${draft.branches.includes(tag)} onChange=${(event) => toggle(tag, event.target.checked)} />
        ${tag}
      </label>`)}
    </fieldset>
    ${errors.branches ? html`<p class="error" role="alert">${errors.branches}</p>` : html`<p class="hint">${t("flows.tags_hint")}</p>`}
    ${draft.branches.length > 0 && html`<${Count} query=${{ tags: draft.branches }} />`}
  `;
}

function Count({ query }) {
  const found = useResource((options) => get("/customers", { ...query, limit: 1 }, options), [JSON.stringify(query)]);
  return html`<${Loaded} resource=${found} lines=${1}>${({ total }) => html`<p><strong>${t("flows.people", { n: number(total) })}</strong></p>`}<//>`;
}
