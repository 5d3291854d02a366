// What is left to spend, who is told when it runs low, and where it went.

import { get, patch, post } from "../../core/api.js";
import { dateTime, number } from "../../core/format.js";
import { href, setQuery } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t, word } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { Card, Stat } from "../../parts/card.js";
import { Dialog } from "../../parts/dialog.js";
import { NumberField, TextField } from "../../parts/fields.js";
import { Form, useSubmit, wrong } from "../../parts/form.js";
import { Empty, Loaded } from "../../parts/states.js";
import { Pager, Table } from "../../parts/table.js";
import { toast } from "../../parts/toast.js";

const SIZE = 25;

export function Credits({ query }) {
  const found = useResource((options) => get("/credits", {}, options));
  const [isAdding, setAdding] = useState(false);
  const [round, setRound] = useState(0); // of the ledger
  const added = ({ balance }) => {
    setAdding(false);
    toast(t("settings.added", { n: number(balance) }));
    found.reload();
    setRound((before) => before + 1);
  };
  return html`
    <${Loaded} resource=${found}>
      ${(credits) => html`
        <${Card} title=${t("settings.balance")} actions=${html`<${Button} kind="primary" scope="voice:keys:write" onClick=${() => setAdding(true)}>${t("settings.top_up")}<//>`}>
          <div class="stats">
            <${Stat} label=${t("settings.balance")} value=${number(credits.balance)} hint=${html`<${Low} credits=${credits} />`} />
            <${Stat} label=${t("settings.per_minute")} value=${number(credits.price_per_minute)} />
            <${Stat} label=${t("settings.per_attempt")} value=${number(credits.price_per_attempt)} />
          </div>
        <//>
        <${WhenLow} credits=${credits} onDone=${found.reload} />`}
    <//>
    <${Ledger} query=${query} round=${round} />
    <${Dialog} title=${t("settings.top_up")} open=${isAdding} onClose=${() => setAdding(false)}>
      <${TopUp} onDone=${added} onCancel=${() => setAdding(false)} />
    <//>`;
}

function Low({ credits }) {
  if (!credits.is_low) return t("settings.fine");
  return html`<${Badge} tone="bad">${t("settings.low")}<//> ${t("settings.low_since", { time: dateTime(credits.low_since) })}`;
}

function WhenLow({ credits, onDone }) {
  const [threshold, setThreshold] = useState(credits.threshold);
  const [email, setEmail] = useState(credits.email ?? "");
  const state = useSubmit(["threshold", "email"]);
  const save = () =>
    state.submit(async () => {
      await patch("/credits", { threshold, email: email.trim() || null });
      toast(t("settings.saved"));
      onDone();
    });
  const failed = credits.letters_failed > 0 && t("settings.letters_failed", { n: credits.letters_failed });
  return html`
    <${Card} title=${t("settings.when_low")}>
      <${Form} state=${state} onSubmit=${save} action=${t("settings.save")}>
        <div class="form-grid">
          <${NumberField} label=${t("settings.threshold")} min="0" step="any" hint=${t("settings.threshold_hint")} value=${threshold}
            onInput=${setThreshold} error=${state.errors.threshold} />
          <${TextField} label=${t("settings.email")} type="email" hint=${t("settings.email_hint")} value=${email} onInput=${setEmail}
            error=${state.errors.email || failed} />
        </div>
      <//>
    <//>`;
}

function TopUp({ onDone, onCancel }) {
  const [amount, setAmount] = useState(null);
  const [note, setNote] = useState("");
  const state = useSubmit(["amount", "note"]);
  const sent = () =>
    state.submit(async () => {
      if (!amount) throw wrong("amount", t("settings.amount_needed"));
      onDone(await post("/credits", { amount, note }));
    });
  return html`
    <${Form} state=${state} onSubmit=${sent} onCancel=${onCancel} action=${t("settings.add")}>
      <${NumberField} label=${t("settings.amount")} required step="any" hint=${t("settings.amount_hint")} value=${amount} onInput=${setAmount} error=${state.errors.amount} />
      <${TextField} label=${t("settings.note")} maxlength="500" value=${note} onInput=${setNote} error=${state.errors.note} />
    <//>`;
}

function Ledger({ query, round }) {
  const page = Math.max(1, Number(query.page) || 1);
  const found = useResource((options) => get("/credits/ledger", { limit: SIZE, offset: (page - 1) * SIZE }, options), [page, round]);
  const columns = [
    { key: "when", title: t("settings.when"), render: ({ created_at: at }) => dateTime(at) },
    { key: "kind", title: t("settings.kind"), render: ({ kind }) => word("settings.kinds", kind) },
    { key: "what", title: t("settings.what"), render: (entry) => html`<${For} entry=${entry} />` },
    { key: "amount", title: t("settings.change"), align: "end", render: ({ amount }) => `${amount > 0 ? "+" : ""}${number(amount)}` },
    { key: "balance", title: t("settings.after"), align: "end", render: ({ balance }) => number(balance) },
  ];
  const empty = html`<${Empty} title=${t("settings.ledger_none")} text=${t("settings.ledger_none_text")} />`;
  return html`
    <${Card} title=${t("settings.ledger")}>
      <${Loaded} resource=${found}>
        ${({ entries, total }) => html`
          <${Table} label=${t("settings.ledger")} columns=${columns} rows=${entries} empty=${empty} />
          <${Pager} page=${page} pages=${Math.ceil(total / SIZE)} onPage=${(next) => setQuery({ page: next })} />`}
      <//>
    <//>`;
}

function For({ entry }) {
  const { call_uuid, flow_uuid, note } = entry;
  if (!call_uuid && !flow_uuid && !note) return "–";
  return html`<span class="row">
    ${call_uuid && html`<a href=${href(`/calls/${call_uuid}`)}>${t("settings.see_call")}</a>`}
    ${flow_uuid && html`<a href=${href(`/flows/${flow_uuid}`)}>${t("settings.see_flow")}</a>`}
    ${note}
  </span>`;
}
