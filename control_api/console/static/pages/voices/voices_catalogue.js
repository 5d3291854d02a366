// Voices to choose from, by language and provider, and how they sound.

import { get } from "../../core/api.js";
import { useResource } from "../../core/resource.js";
import { href, setQuery } from "../../core/router.js";
import { t, word } from "../../core/strings.js";
import { html } from "../../core/ui.js";
import { SelectField } from "../../parts/fields.js";
import { Sound } from "../../parts/sound.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Pager, Table } from "../../parts/table.js";

const LIMIT = 25;

export function VoicesCatalogue({ query }) {
  const samples = useResource((options) => get("/samples", {}, options), []);
  return html`<${Loaded} resource=${samples}>
    ${(all) => html`<${Catalogue} voices=${all} query=${query} />`}
  <//>`;
}

function Catalogue({ voices, query }) {
  const { language = "", provider = "" } = query;
  const found = voices.filter((voice) => (!language || voice.language_code === language) && (!provider || voice.provider === provider));
  const languages = [...new Map(voices.map((voice) => [voice.language_code, named(voice)]))].map(([value, label]) => ({ value, label }));
  const providers = [...new Set(voices.map((voice) => voice.provider))].map((value) => ({ value, label: word("voices", value) }));
  const page = Math.min(Math.max(1, Number(query.page) || 1), Math.ceil(found.length / LIMIT) || 1);
  const clear = { label: t("voices.clear"), onClick: () => setQuery({ language: null, provider: null }) };
  return html`
    <div class="filters">
      <${SelectField} label=${t("voices.language")} blank=${t("voices.all_languages")} value=${language}
        options=${languages.sort((one, two) => one.label.localeCompare(two.label))} onInput=${(value) => setQuery({ language: value, page: null })} />
      <${SelectField} label=${t("voices.provider")} blank=${t("voices.all_providers")} value=${provider} options=${providers}
        onInput=${(value) => setQuery({ provider: value, page: null })} />
    </div>
    <${Table} label=${t("voices.catalogue")} columns=${COLUMNS()} rows=${found.slice((page - 1) * LIMIT, page * LIMIT)}
      empty=${html`<${Empty} title=${t("voices.none")} text=${t("voices.none_text")} action=${clear} />`} />
    <${Pager} page=${page} pages=${Math.ceil(found.length / LIMIT)} onPage=${(next) => setQuery({ page: next })} />`;
}

const COLUMNS = () => [
  { key: "speaker", title: t("voices.speaker"), render: (voice) => html`<strong>${spoken(voice)}</strong>` },
  { key: "language", title: t("voices.language"), render: named },
  { key: "provider", title: t("voices.provider"), render: (voice) => word("voices", voice.provider) },
  { key: "model", title: t("voices.model"), render: modelOf },
  {
    key: "listen",
    title: t("voices.sample"),
    align: "end",
    render: (voice) => html`<${Sound} path=${`/samples/${voice.uuid}/audio`} label=${t("voices.listen")}
      about=${t("voices.listen_to", { speaker: spoken(voice), language: named(voice) })} />`,
  },
];

const named = (voice) => `${voice.language_name} (${voice.language_code})`;

function modelOf({ model, speaker }) {
  return model === "cloned" ? html`<a href=${href(`/voices/${speaker}`)}>${t("voices.cloned")}</a>` : word("voices", model);
}

function spoken({ speaker }) {
  if (speaker === "auto") return t("voices.automatic");
  return speaker.charAt(0).toUpperCase() + speaker.slice(1).replace("+", " · ");
}
