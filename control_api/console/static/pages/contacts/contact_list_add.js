// Searching for contacts, and putting those that are ticked on a list.

import { get, post } from "../../core/api.js";
import { phone } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { CheckField } from "../../parts/fields.js";
import { Form, useSubmit } from "../../parts/form.js";
import { Empty, Loaded } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { SearchBox } from "./contact_filters.js";

const SHOWN = 20; // a search finds the others

/** `path` is the list's. */
export function AddMembers({ path, onDone, onCancel }) {
  const [search, setSearch] = useState("");
  const [picked, setPicked] = useState([]);
  const state = useSubmit([]);
  const found = useResource((options) => get("/customers", { search, limit: SHOWN }, options), [search]);
  const pick = (id, is) => setPicked((before) => (is ? [...before, id] : before.filter((one) => one !== id)));
  const sent = () =>
    state.submit(async () => {
      if (picked.length) {
        const { added } = await post(`${path}/contacts`, { customer_ids: picked });
        toast(t("contacts.added", { n: added }));
      }
      onDone();
    });
  return html`
    <p class="soft">${t("contacts.add_lead")}</p>
    <${SearchBox} value=${search} onSearch=${setSearch} />
    <${Form} state=${state} onSubmit=${sent} onCancel=${onCancel} action=${t("contacts.add")} foot=${html`
      <span class="soft grow" aria-live="polite">${t("contacts.selected", { n: picked.length })}</span>`}>
      <${Loaded} resource=${found}>
        ${({ customers }) => html`
          <div class="ticks">
            ${customers.length === 0 && html`<${Empty} text=${t("contacts.no_match")} />`}
            ${customers.map((one) => html`<${CheckField} key=${one.uuid} label=${one.name} hint=${phone(one.phone)} value=${picked.includes(one.uuid)}
              onInput=${(is) => pick(one.uuid, is)} />`)}
          </div>`}
      <//>
    <//>`;
}
