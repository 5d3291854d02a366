// A call as it is told over /ws/live, made into what a page shows. Pure, but for follow().

import { socket } from "./api.js";
import { t } from "./strings.js";

const AGAIN = 2000; // milliseconds until a line that broke is opened again
const OVER = 1000; // the code with which the server closes after the end
const REFUSED = [4400, 4500]; // codes from and up to which asking again helps nobody
const BUSY = [4429, 4503]; // but for these

/** Nothing told yet. `lines`: what was said and what happened, in order; `words`: what each side is saying just now. */
export const nothing = {
  lines: [], words: { agent: "", customer: "" }, isSpeaking: false, isMuted: false, isEnding: false, latencies: [], end: null, startedAt: null,
};

/** The story with one more message. An interruption is seen in the line that it cut: its message comes for words to a silent agent too. */
export function told(story, message) {
  const entered = (line) => ({ ...story, lines: [...story.lines, line] });
  switch (message.type) {
    case "start":
      return { ...story, startedAt: message.started_at };
    case "transcript": {
      const next = entered({ kind: "words", ...message });
      return { ...next, words: { ...story.words, [message.speaker]: "" }, isSpeaking: message.speaker === "customer" ? false : story.isSpeaking };
    }
    case "partial":
      return { ...story, words: { ...story.words, [message.speaker]: message.text } };
    case "speech":
      return { ...story, isSpeaking: true };
    case "keys":
      return entered({ kind: "note", text: t(`live.call.keys_${message.speaker}`, { keys: message.keys }), timestamp: message.timestamp });
    case "dead_air":
      return entered({ kind: "warning", text: t("live.call.dead_air", { seconds: message.seconds }), timestamp: message.timestamp });
    case "latency":
      return { ...entered({ kind: "latency", ...message }), latencies: [...story.latencies, message] };
    case "status":
      return status(story, message, entered);
    case "end":
      return { ...story, end: message, words: nothing.words, isSpeaking: false };
  }
  return story;
}

function status(story, message, entered) {
  const next = entered({ kind: "note", text: t(`live.call.statuses.${message.status}`, { target: message.target ?? "" }) });
  if (message.status === "muted" || message.status === "unmuted") return { ...next, isMuted: message.status === "muted" };
  return message.status === "ending" ? { ...next, isEnding: true } : next;
}

/**
 * Tells `onChange(story)` for each message, from the beginning of the call, until `signal` aborts or the call is over;
 * `onLine(is)` whether the line is there, `onRefused(reason)` why it never will be.
 */
export function follow(call, { signal, onChange, onLine, onRefused }) {
  let timer = 0;
  let line = null;
  const open = () => {
    let story = nothing; // whoever comes again is told everything again
    line = socket(`/ws/live/${call}`, { partials: "1" });
    line.onopen = () => onLine(true);
    line.onmessage = ({ data }) => {
      story = told(story, JSON.parse(data));
      onChange(story);
    };
    line.onclose = ({ code, reason }) => {
      if (signal.aborted) return;
      onLine(false);
      story = { ...story, words: nothing.words, isSpeaking: false }; // what was being said is not known any more
      onChange(story);
      if (code === OVER || story.end) return;
      if (code >= REFUSED[0] && code < REFUSED[1] && !BUSY.includes(code)) return onRefused(reason);
      timer = setTimeout(open, AGAIN);
    };
  };
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    line?.close();
  });
  open();
}
