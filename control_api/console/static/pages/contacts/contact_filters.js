// Which contacts are asked for: what the address says ↔ what the server is asked.

import { get } from "../../core/api.js";
import { setQuery } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html, useEffect, useRef, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { SearchField, SelectField } from "../../parts/fields.js";

const BRANCH = "Branch:";
const MOST_LISTS = 100;
const PAUSE = 300; // milliseconds after the last letter
const CALLS = {
  never: { max_inbound_calls: 0, max_outbound_calls: 0 },
  was: { min_outbound_calls: 1 },
  has: { min_inbound_calls: 1 },
};
const NOTHING = { search: null, tag: null, branch: null, list: null, calls: null, page: null };

export const isFiltered = (query) => Object.keys(NOTHING).some((name) => name !== "page" && query[name]);

/** The query of GET /customers. */
export function asked({ search, tag, branch, list, calls }) {
  const tags = [tag, branch && BRANCH + branch].filter(Boolean);
  return { search, tags, contact_list_id: list, ...CALLS[calls] };
}

export function Filters({ query }) {
  const tags = useResource((options) => get("/customers/meta/tags", {}, options));
  const lists = useResource((options) => get("/contact-lists", { limit: MOST_LISTS }, options));
  const all = tags.data ?? [];
  const choose = (name) => (value) => setQuery({ [name]: value, page: null });
  const field = (name, options) => ({
    label: t(`contacts.${name}`), blank: t(`contacts.any_${name}`), value: query[name], onInput: choose(name), options,
  });
  const plain = all.filter((tag) => !tag.startsWith(BRANCH));
  const branches = all.filter((tag) => tag.startsWith(BRANCH)).map((tag) => tag.slice(BRANCH.length));
  const named = (lists.data?.contact_lists ?? []).map(({ uuid, name }) => ({ value: uuid, label: name }));
  const calls = [["never", "never_called"], ["was", "was_called"], ["has", "has_called"]];
  return html`
    <div class="filters" role="search">
      <${SearchBox} value=${query.search} />
      <${SelectField} ...${field("tag", plain)} />
      ${branches.length > 0 && html`<${SelectField} ...${field("branch", branches)} />`}
      ${named.length > 0 && html`<${SelectField} ...${field("list", named)} />`}
      <${SelectField} ...${field("calls", calls.map(([value, name]) => ({ value, label: t(`contacts.${name}`) })))} />
      ${isFiltered(query) && html`<${Button} onClick=${() => setQuery(NOTHING)}>${t("contacts.clear")}<//>`}
    </div>`;
}

/** Asks when somebody has stopped writing. */
export function SearchBox({ value = "", label = t("contacts.search"), onSearch = (search) => setQuery({ search, page: null }) }) {
  const [text, setText] = useState(value);
  const timer = useRef(0);
  useEffect(() => {
    clearTimeout(timer.current);
    setText((now) => (now.trim() === value ? now : value)); // a blank at the end is kept: a word may follow
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const write = (now) => {
    setText(now);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onSearch(now.trim()), PAUSE);
  };
  return html`<${SearchField} label=${label} value=${text} onInput=${write} />`;
}
