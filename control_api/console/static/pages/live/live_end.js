// Two ways in which a supervisor is done with a call: it ends, or a human takes it.

import { get, post } from "../../core/api.js";
import { href } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { SelectField, TextArea, TextField } from "../../parts/fields.js";
import { Empty, Loaded, Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";

const REASONS = ["workflow_close", "dnc_request", "wrong_number", "hostile_caller"];

/** Asks before the customer is cut off. */
export function EndDialog({ call, open, onClose }) {
  const [say, setSay] = useState("");
  const [reason, setReason] = useState(REASONS[0]);
  const [submit, busy, error] = useAsked(onClose);
  const end = submit(async () => {
    await post(`/calls/${call}/end`, { reason, say: say.trim() || null });
    toast(t("live.act.ending"));
  });
  return html`
    <${Dialog} title=${t("live.act.end_title")} open=${open} onClose=${onClose}>
      <form class="form" onSubmit=${end}>
        <p>${t("live.act.end_text")}</p>
        <${TextField} label=${t("live.act.end_last")} value=${say} onInput=${setSay} maxlength=${500} />
        <${SelectField} label=${t("live.act.end_reason")} value=${reason} onInput=${setReason}
          options=${REASONS.map((one) => ({ value: one, label: t(`live.act.reasons.${one}`) }))} />
        <${Problem} error=${error} />
        <${Foot} onClose=${onClose}><${Button} kind="danger" type="submit" busy=${busy}>${t("live.act.end")}<//><//>
      </form>
    <//>`;
}

/** Which queue, and what its member is told before they talk. */
export function TransferDialog({ call, open, onClose }) {
  const queues = useResource((o) => (open ? get("/queues", { limit: 100 }, o) : Promise.resolve(null)), [open]);
  const [target, setTarget] = useState("");
  const [brief, setBrief] = useState("");
  const [submit, busy, error] = useAsked(onClose);
  const chosen = target || queues.data?.queues[0]?.name;
  const hand = submit(async () => {
    await post(`/calls/${call}/transfer`, { target: chosen, agent_brief: brief.trim() });
    toast(t("live.act.transferring"));
  });
  return html`
    <${Dialog} title=${t("live.act.transfer_title")} open=${open} onClose=${onClose}>
      <${Loaded} resource=${queues} lines=${2}>${({ queues }) => queues.length
        ? html`
          <form class="form" onSubmit=${hand}>
            <p>${t("live.act.transfer_text")}</p>
            <${SelectField} label=${t("live.act.queue")} value=${chosen} onInput=${setTarget}
              options=${queues.map((queue) => ({ value: queue.name, label: t("live.act.queue_free", { name: queue.name, n: queue.available }) }))} />
            <${TextArea} label=${t("live.act.brief")} rows=${2} value=${brief} onInput=${setBrief} maxlength=${280} />
            <${Problem} error=${error} />
            <${Foot} onClose=${onClose}><${Button} kind="primary" type="submit" busy=${busy}>${t("live.act.transfer")}<//><//>
          </form>`
        : html`<${Empty} text=${t("live.act.no_queues")} action=${{ label: t("live.act.make_queue"), href: href("/queues") }} />`}<//>
    <//>`;
}

const Foot = ({ onClose, children }) => html`
  <footer class="dialog-foot"><${Button} onClick=${onClose}>${t("common.cancel")}<//>${children}</footer>`;

/** A form that closes once the server has taken it, and says what it refused otherwise. */
function useAsked(onClose) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const submit = (act) => async (event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await act();
      onClose();
    } catch (refused) {
      setError(refused);
    }
    setBusy(false);
  };
  return [submit, busy, error];
}
