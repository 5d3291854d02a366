// The call itself: how it stands, how loud both sides are, and what can be done with it.

import { microphones } from "../../call/microphone.js";
import { duration } from "../../core/format.js";
import { href } from "../../core/router.js";
import { t, word } from "../../core/strings.js";
import { html, useEffect, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/card.js";
import { SelectField } from "../../parts/fields.js";
import { useNow } from "../../parts/now.js";
import { PairsField } from "../../parts/pairs_field.js";
import { Problem } from "../../parts/states.js";

const KEYS = "123456789*0#";
const TRANSPORTS = ["auto", "webrtc", "pcm"];

/** `call` is a call of client.js, or null before the first. */
export function TryPanel({ call, mayNot, onStart }) {
  const [options, setOptions] = useState({ device: "", transport: "auto", rows: [] });
  const state = call?.state.value ?? "idle";
  const isOver = state === "idle" || state === "ended";
  const { rows, ...rest } = options;
  const start = () => onStart({ ...rest, variables: Object.fromEntries(rows.filter(([name]) => name)) });
  return html`
    <${Card} title=${t("try.call")} class="try-panel">
      <div class="stack">
        <${State} call=${call} state=${state} />
        <${Problem} error=${call?.problem.value} />
        <div class="row">
          ${isOver
            ? html`<${Button} kind="primary" disabled=${mayNot} onClick=${start}>${t(call ? "try.again" : "try.start")}<//>`
            : html`<${Button} kind="danger" busy=${state === "ending"} onClick=${call.hangUp}>${t("try.hang_up")}<//>`}
          ${state === "live" && html`
            <${Button} aria-pressed=${call.isMuted.value ? "true" : "false"} onClick=${() => call.mute()}>
              ${t(call.isMuted.value ? "try.unmute" : "try.mute")}
            <//>`}
          ${state === "ended" && call.id.value && html`
            <${Button} href=${href(`/calls/${call.id.value}`)}>${t("try.open_call")}<//>`}
        </div>
        ${!isOver && html`<${Levels} call=${call} />`}
        ${state === "live" && html`<${Keypad} call=${call} />`}
        ${isOver && html`<${Options} options=${options} onInput=${(change) => setOptions({ ...options, ...change })} />`}
      </div>
    <//>`;
}

function State({ call, state }) {
  const now = useNow();
  const since = call?.since.value;
  const end = call?.end.value;
  const shown = state === "live" && call.isMuted.value ? "muted" : state;
  return html`
    <div class="try-state ${state}">
      <p class="try-now" role="status">${t(`try.states.${shown}`)}</p>
      ${(state === "live" || state === "ending") && html`
        <p class="soft num">${duration((now - since) / 1000)} · ${t(`try.by.${call.transport.value}`)}</p>`}
      ${end && html`
        <p class="soft">${t("try.outcome", { outcome: word("live.outcomes", end.outcome), length: duration(end.duration_seconds) })}</p>`}
    </div>`;
}

const Levels = ({ call }) => html`
  <dl class="levels">
    <dt>${t("try.you")}</dt>
    <dd><progress value=${call.levelIn.value} aria-label=${t("try.level_in")}></progress></dd>
    <dt>${t("try.agent")}</dt>
    <dd><progress value=${call.levelOut.value} aria-label=${t("try.level_out")}></progress></dd>
  </dl>`;

const Keypad = ({ call }) => html`
  <details class="try-options">
    <summary>${t("try.keypad")}</summary>
    <div class="keypad" role="group" aria-label=${t("try.keypad")}>
      ${[...KEYS].map((key) => html`<${Button} key=${key} onClick=${() => call.press(key)}>${key}<//>`)}
    </div>
  </details>`;

function Options({ options, onInput }) {
  const [devices, setDevices] = useState([]);
  useEffect(() => {
    const look = async () => setDevices(await microphones());
    look();
    navigator.mediaDevices?.addEventListener("devicechange", look);
    return () => navigator.mediaDevices?.removeEventListener("devicechange", look);
  }, []);
  return html`
    <details class="try-options">
      <summary>${t("try.options")}</summary>
      <div class="stack">
        <${SelectField} label=${t("try.device")} value=${options.device} blank=${t("try.usual_device")} options=${devices}
          onInput=${(device) => onInput({ device })} />
        <${SelectField} label=${t("try.transport")} value=${options.transport}
          options=${TRANSPORTS.map((value) => ({ value, label: t(`try.transports.${value}`) }))}
          onInput=${(transport) => onInput({ transport })} />
        <${PairsField} label=${t("try.variables")} hint=${t("try.variables_hint")} rows=${options.rows}
          nameLabel=${t("try.variable")} valueLabel=${t("try.value")} onInput=${(rows) => onInput({ rows })} />
      </div>
    </details>`;
}
