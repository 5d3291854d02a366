// What can be done to a flow in each of its states, and doing it: asked about first, and told what stands against it.

import { del, post } from "../../core/api.js";
import { go } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { confirm, Dialog } from "../../parts/dialog.js";
import { TextField } from "../../parts/fields.js";
import { Menu } from "../../parts/menu.js";
import { Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { localNow, utcOf } from "./flow_times.js";

const OF_CAMPAIGN = {
  draft: ["launch", "schedule", "edit", "duplicate", "delete"],
  scheduled: ["launch", "unschedule", "edit", "cancel", "duplicate", "delete"],
  active: ["pause", "stop", "delete"],
  paused: ["resume", "edit", "cancel", "duplicate", "delete"],
  completed: ["duplicate", "delete"],
  cancelled: ["duplicate", "delete"],
};
const OF_LINE = {
  draft: ["launch", "edit", "duplicate", "delete"],
  active: ["pause", "edit", "delete"],
  paused: ["resume", "edit", "duplicate", "delete"],
};
const ASKED = { launch: "primary", resume: "primary", stop: "danger", cancel: "danger", delete: "danger" };
const WRITE = "voice:campaigns:write";
const ON_TOP = ["launch", "schedule", "unschedule", "pause", "resume", "edit"];
const SWITCHED = ["launch", "pause", "resume"];

/**
 * Buttons for what is done most, and a menu for the rest; a line has a switch of its own. `onDone` is called when the flow
 * has changed.
 */
export function Moves({ flow, onDone }) {
  const [busy, setBusy] = useState("");
  const [problem, setProblem] = useState(null);
  const [isScheduling, setScheduling] = useState(false);
  const moves = movesOf(flow).filter((move) => flow.kind === "outbound" || !SWITCHED.includes(move));
  const perform = async (move) => {
    if (move === "edit") return go(`/flows/${flow.uuid}/edit`);
    if (move === "schedule") return setScheduling(true);
    setBusy(move);
    setProblem(null);
    try {
      if (await done(flow, move)) onDone();
    } catch (error) {
      setProblem(error);
    }
    setBusy("");
  };
  return html`
    ${moves
      .filter((move) => ON_TOP.includes(move))
      .map((move, at) => html`<${Button} key=${move} scope=${WRITE} kind=${at || move === "edit" ? "plain" : "primary"} busy=${busy === move} onClick=${() => perform(move)}>
        ${label(flow, move)}
      <//>`)}
    <${Menu} label=${t("flows.more_moves")} items=${items(flow, moves.filter((move) => !ON_TOP.includes(move)), perform)} />
    ${problem && html`<${Dialog} open title=${t("flows.refused")} onClose=${() => setProblem(null)}><${Problem} error=${problem} /><//>`}
    <${Schedule} flow=${flow} open=${isScheduling} onClose=${() => setScheduling(false)} onDone=${onDone} />
  `;
}

/** The same in a row of a list: a menu alone. */
export function MovesMenu({ flow, onDone }) {
  const perform = async (move) => {
    if (move === "edit") return go(`/flows/${flow.uuid}/edit`);
    if (move === "schedule") return go(`/flows/${flow.uuid}`);
    try {
      if (await done(flow, move, { stays: true })) onDone();
    } catch (error) {
      toast(error.detail ?? error.message, "bad");
    }
  };
  return html`<${Menu} label=${t("flows.moves_of", { name: flow.name })} items=${items(flow, movesOf(flow), perform)} />`;
}

export function movesOf(flow) {
  return (flow.kind === "inbound" ? OF_LINE : OF_CAMPAIGN)[flow.status] ?? [];
}

function items(flow, moves, perform) {
  return moves.map((move) => ({
    label: label(flow, move),
    kind: ASKED[move] === "danger" ? "danger" : "",
    scope: WRITE,
    onClick: () => perform(move),
  }));
}

function label(flow, move) {
  return t(`flows.moves.${flow.kind === "inbound" && move in LINE_WORDS ? LINE_WORDS[move] : move}`);
}

const LINE_WORDS = { launch: "go_live", pause: "close", resume: "go_live" };

/** Whether it was done: false if whoever was asked thought better of it. Raises ApiError. */
async function done(flow, move, { stays = false } = {}) {
  const name = flow.name;
  const isAsked = move in ASKED && !(flow.kind === "inbound" && (move === "launch" || move === "resume"));
  if (isAsked) {
    const isMeant = await confirm({
      title: t(`flows.ask.${move}.title`, { name }),
      text: t(move === "delete" && flow.kind === "inbound" ? "flows.ask.delete.text_line" : `flows.ask.${move}.text`),
      action: label(flow, move),
      kind: ASKED[move],
    });
    if (!isMeant) return false;
  }
  const path = `/flows/${flow.uuid}`;
  if (move === "delete") await del(path);
  const told = move === "delete" ? null : await post(`${path}/${move}`);
  toast(t(`flows.did.${move}`, { name, n: told?.customers_queued ?? 0 }));
  if (move === "duplicate") go(`/flows/${told.uuid}`);
  if (move === "delete" && !stays) go("/flows");
  return move !== "delete" || stays;
}

/** Asks when a draft is to begin, in the clock of whoever is asked. */
export function Schedule({ flow, open, onClose, onDone }) {
  const [at, setAt] = useState(localNow(60));
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const save = async (event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await post(`/flows/${flow.uuid}/schedule`, { start_at: utcOf(at) });
      toast(t("flows.did.schedule", { name: flow.name }));
      onClose();
      onDone();
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  return html`<${Dialog} open=${open} title=${t("flows.ask.schedule.title", { name: flow.name })} onClose=${onClose}>
    <form class="form" onSubmit=${save}>
      <p>${t("flows.ask.schedule.text")}</p>
      <${TextField} type="datetime-local" required label=${t("flows.start_at")} value=${at} min=${localNow()} onInput=${setAt} />
      ${error && html`<${Problem} error=${error} />`}
      <div class="dialog-foot">
        <${Button} onClick=${onClose}>${t("flows.back")}<//>
        <${Button} kind="primary" type="submit" busy=${busy}>${t("flows.moves.schedule")}<//>
      </div>
    </form>
  <//>`;
}

