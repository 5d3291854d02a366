// A phone number, added or changed, and the flow that answers on it.

import { patch, post } from "../../core/api.js";
import { phone } from "../../core/format.js";
import { t, word } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { CheckField, SelectField, TextField } from "../../parts/fields.js";
import { useSubmit } from "../../parts/form.js";
import { Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { answeredBy } from "./numbers_flows.js";

const FIELDS = ["number", "name", "provider", "is_active"];
const CARRIERS = ["exotel", "simulator"];
const NEW = { number: "", name: "", provider: "exotel", is_active: true };
const ANSWERS = ["draft", "active", "paused"]; // states of an inbound flow that can be given a number

/** `number`: one that is changed, or undefined for a new one. */
export function NumberForm({ number, flows, onSaved, onClose }) {
  const [draft, setDraft] = useState(() => (number ? Object.fromEntries(FIELDS.map((name) => [name, number[name]])) : NEW));
  const named = flows.filter((flow) => number && flow.phone_number === number.number);
  const answering = (named.find(({ status }) => status === "active") ?? named[0])?.uuid ?? "";
  const [flow, setFlow] = useState(answering);
  const [kept, setKept] = useState(number); // what the server has by now: the flow may be refused after the number was kept
  const { submit, busy, errors, trouble } = useSubmit(FIELDS, kept ? undefined : "number");
  const field = (name) => ({ value: draft[name], error: errors[name], onInput: (value) => setDraft({ ...draft, [name]: value }) });
  const submitted = async (event) => {
    event.preventDefault();
    const body = { ...draft, number: draft.number.replace(/[\s()-]/g, "") };
    await submit(async () => {
      const saved = await (kept ? patch(`/phone-numbers/${kept.uuid}`, body) : post("/phone-numbers", body));
      setKept(saved);
      await answeredBy(saved.number, answering, flow);
      toast(t(number ? "numbers.saved" : "numbers.created", { number: phone(saved.number) }));
      onSaved();
    });
  };
  const closed = kept === number ? onClose : onSaved;
  const inbound = flows.filter(({ kind, status }) => kind === "inbound" && ANSWERS.includes(status));
  const title = number ? t("numbers.edit", { number: phone(number.number) }) : t("numbers.new");
  return html`<${Dialog} open title=${title} onClose=${closed}>
    <form class="form" onSubmit=${submitted}>
      <${Problem} error=${trouble} />
      <${TextField} type="tel" label=${t("numbers.number")} autofocus hint=${t("numbers.number_hint")} required autocomplete="off" ...${field("number")} />
      <${TextField} label=${t("numbers.name")} hint=${t("numbers.name_hint")} maxlength="200" autocomplete="off" ...${field("name")} />
      <${SelectField} label=${t("numbers.provider")} ...${field("provider")}
        options=${CARRIERS.map((value) => ({ value, label: word("numbers.carrier", value) }))} />
      <${SelectField} label=${t("numbers.answered_by")} hint=${t("numbers.answered_by_hint")} value=${flow} blank=${t("numbers.nobody")}
        onInput=${setFlow} options=${inbound.map(({ uuid, name }) => ({ value: uuid, label: name }))} />
      <${CheckField} label=${t("numbers.is_active")} hint=${t("numbers.is_active_hint")} ...${field("is_active")} />
      <footer class="dialog-foot">
        <${Button} onClick=${closed}>${t("common.cancel")}<//>
        <${Button} scope="voice:integrations:write" kind="primary" type="submit" busy=${busy}>${t(number ? "numbers.save" : "numbers.add")}<//>
      </footer>
    </form>
  <//>`;
}
