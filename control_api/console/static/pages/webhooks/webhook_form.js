// A webhook, new or changed.

import { patch, post } from "../../core/api.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { errorAt } from "../../parts/field_errors.js";
import { CheckField, TextField } from "../../parts/fields.js";
import { Form, useSubmit } from "../../parts/form.js";
import { PairsField } from "../../parts/pairs_field.js";

export const EVENTS = [
  "call.started", "call.ended", "call.transferred", "call.no_answer", "call.voicemail", "call.transcript_ready",
  "campaign.launched", "campaign.stopped", "campaign.completed",
];
/** What an event tells, as a sentence. */
export const meaning = (event) => t(`webhooks.meanings.${event.replace(".", "_")}`);

const USUAL = ["call.ended"];

/** Without a `webhook` it makes one. `onDone` is given the webhook, and whether its secret is the user's own. */
export function WebhookForm({ webhook, onDone, onCancel }) {
  const [draft, setDraft] = useState(() => ({
    name: webhook?.name ?? "",
    url: webhook?.url ?? "",
    events: webhook ? [...webhook.events] : USUAL,
    headers: Object.entries(webhook?.headers ?? {}),
    secret: "",
  }));
  const state = useSubmit(["name", "url", "events", "headers", "secret"]);
  const set = (name) => (value) => setDraft((before) => ({ ...before, [name]: value }));
  const tied = (name) => ({ value: draft[name], error: errorAt(state.errors, name), onInput: set(name) });
  const pick = (event) => (is) => set("events")(EVENTS.filter((one) => (one === event ? is : draft.events.includes(one))));
  const wrong = errorAt(state.errors, "events");
  const save = () =>
    state.submit(async () => {
      const { secret, ...told } = { ...draft, headers: Object.fromEntries(draft.headers.filter(([name]) => name.trim())) };
      if (secret) told.secret = secret;
      onDone(await (webhook ? patch(`/webhooks/${webhook.uuid}`, told) : post("/webhooks", told)), Boolean(secret));
    });
  return html`
    <${Form} state=${state} onSubmit=${save} onCancel=${onCancel} action=${t(webhook ? "webhooks.save" : "webhooks.create")}>
      <${TextField} label=${t("webhooks.name")} required maxlength="200" ...${tied("name")} />
      <${TextField} label=${t("webhooks.url")} required type="url" placeholder="https://crm.example.com/hook" hint=${t("webhooks.url_hint")} ...${tied("url")} />
      <fieldset class=${wrong ? "group wrong" : "group"}>
        <legend>${t("webhooks.events")}</legend>
        <div class="row">
          <${Button} small onClick=${() => set("events")(EVENTS)}>${t("webhooks.all")}<//>
          <${Button} small onClick=${() => set("events")([])}>${t("webhooks.nothing")}<//>
        </div>
        <div class="form-grid">
          ${EVENTS.map((event) => html`<${CheckField} key=${event} label=${event} hint=${meaning(event)}
            value=${draft.events.includes(event)} onInput=${pick(event)} />`)}
        </div>
        <p class=${wrong ? "error" : "hint"} aria-live="polite">${wrong ?? t("webhooks.events_hint")}</p>
      </fieldset>
      <${PairsField} label=${t("webhooks.headers")} hint=${t("webhooks.headers_hint")} nameLabel=${t("webhooks.header")} valueLabel=${t("webhooks.value")}
        rows=${draft.headers} error=${tied("headers").error} onInput=${set("headers")} />
      <${TextField} label=${t("webhooks.secret_own")} type="password" autocomplete="new-password" ...${tied("secret")}
        hint=${t(webhook ? "webhooks.secret_change_hint" : "webhooks.secret_hint")} />
    <//>`;
}
