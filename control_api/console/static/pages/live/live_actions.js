import { ApiError, post } from "../../core/api.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/card.js";
import { CheckField, TextField } from "../../parts/fields.js";
import { Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { EndDialog, TransferDialog } from "./live_end.js";

/** What a supervisor can do with a call that has been answered. */
export function Actions({ call, isMuted, isEnding, isAnswered }) {
  const [dialog, setDialog] = useState("");
  const [busy, setBusy] = useState(false);
  if (!isAnswered) return html`<${Card} title=${t("live.act.title")}><p class="soft">${t("live.act.not_yet")}</p><//>`;
  const mute = async () => {
    setBusy(true);
    await done(() => post(`/calls/${call}/${isMuted ? "unmute" : "mute"}`));
    setBusy(false);
  };
  return html`
    <${Card} title=${t("live.act.title")}>
      <div class="stack">
        <div class="row">
          <${Button} aria-pressed=${isMuted ? "true" : "false"} busy=${busy} onClick=${mute}>${t(isMuted ? "live.act.unmute" : "live.act.mute")}<//>
          <${Button} onClick=${() => setDialog("transfer")}>${t("live.act.transfer")}<//>
          <${Button} kind="danger" disabled=${isEnding} onClick=${() => setDialog("end")}>${t("live.act.end")}<//>
        </div>
        <${Told} name="say" said=${t("live.act.said")} most=${500}
          send=${(text, now) => post(`/calls/${call}/say`, { text, interrupt: now })} />
        <${Told} name="whisper" said=${t("live.act.whispered")} most=${2000}
          send=${(text, now) => post(`/calls/${call}/message`, { text, answer: now })} />
        <${Keys} call=${call} />
      </div>
      <${EndDialog} call=${call} open=${dialog === "end"} onClose=${() => setDialog("")} />
      <${TransferDialog} call=${call} open=${dialog === "transfer"} onClose=${() => setDialog("")} />
    <//>`;
}

/** A sentence for the agent: to be said, or to be known. */
function Told({ name, said, most, send }) {
  const [text, setText] = useState("");
  const [now, setNow] = useState(false);
  const [state, setState] = useState({ busy: false, error: null });
  const submit = async (event) => {
    event.preventDefault();
    if (!text.trim()) return;
    setState({ busy: true, error: null });
    try {
      await send(text.trim(), now);
      setState({ busy: false, error: null });
      setText("");
      toast(said);
    } catch (error) {
      setState({ busy: false, error });
      if (!(error instanceof ApiError)) throw error;
    }
  };
  return html`
    <form class="stack tight act" onSubmit=${submit}>
      <${TextField} label=${t(`live.act.${name}`)} hint=${t(`live.act.${name}_hint`)} value=${text} onInput=${setText}
        maxlength=${most} autocomplete="off" />
      <${Problem} error=${state.error} />
      <div class="row apart">
        <${CheckField} label=${t(`live.act.${name}_now`)} value=${now} onInput=${setNow} />
        <${Button} small type="submit" busy=${state.busy} disabled=${!text.trim()}>${t(`live.act.${name}_do`)}<//>
      </div>
    </form>`;
}

function Keys({ call }) {
  const [digits, setDigits] = useState("");
  const submit = async (event) => {
    event.preventDefault();
    if (digits && (await done(() => post(`/calls/${call}/dtmf`, { digits }), t("live.act.pressed")))) setDigits("");
  };
  return html`
    <form class="stack tight act" onSubmit=${submit}>
      <${TextField} label=${t("live.act.keys")} hint=${t("live.act.keys_hint")} value=${digits} autocomplete="off" maxlength=${32}
        onInput=${(text) => setDigits(text.replace(/[^0-9*#A-Dw]/g, ""))} />
      <div class="row apart"><span></span><${Button} small type="submit" disabled=${!digits}>${t("live.act.keys_do")}<//></div>
    </form>`;
}

async function done(act, said) {
  const isDone = await attempted(act);
  if (isDone && said) toast(said);
  return isDone;
}
