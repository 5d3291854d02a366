// A campaign as it goes on: its events, followed for as long as somebody looks.

import { events } from "../../core/api.js";
import { useEffect, useState } from "../../core/ui.js";

const MINUTE = 60_000;
export const RECENT = 12; // calls that are listed
const AGAIN = 1000; // ms until a stream that came to its longest is opened again
const OVER = ["completed", "cancelled"];
const NOTHING = { progress: null, calls: [], dials: [], since: 0, error: null };

/**
 * `{progress, calls, dials, since, error, retry}`: contacts by state; the calls that changed last, newest first; when calls of
 * the last minute were begun, and since when that is known (ms). `onStatus` is called when the campaign changes its state.
 */
export function useProgress(flow, onStatus) {
  const [seen, setSeen] = useState(NOTHING);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    let isOver = false;
    setSeen({ ...NOTHING, since: Date.now() });

    const take = ({ event, data }) => {
      if (event === "progress") {
        isOver = OVER.includes(data.status) && data.in_flight === 0;
        setSeen((before) => ({ ...before, progress: data, error: null }));
      } else if (event === "call") setSeen((before) => withCall(before, data));
      else if (event === "status") onStatus();
    };
    const follow = async () => {
      while (!abort.signal.aborted && !isOver) {
        await events(`/flows/${flow}/progress`, take, { signal: abort.signal });
        if (!isOver) await new Promise((resolve) => setTimeout(resolve, AGAIN));
      }
    };
    follow().catch((error) => setSeen((before) => ({ ...before, error })));
    return () => abort.abort();
  }, [flow, round]);
  return { ...seen, retry: () => setRound((now) => now + 1) };
}

function withCall(before, call) {
  const now = Date.now();
  const known = before.calls.find((one) => one.call_uuid === call.call_uuid);
  const others = before.calls.filter((one) => one !== known);
  const dials = call.status === "dialing" ? [...before.dials, now] : before.dials;
  return {
    ...before,
    calls: [{ ...call, at: now }, ...others].slice(0, RECENT),
    dials: dials.filter((at) => at > now - MINUTE),
  };
}

/** Calls a minute, of those begun in the last minute; null until there is enough to tell it from. */
export function rate({ dials, since }, now = Date.now()) {
  const seconds = Math.min(MINUTE, now - since) / 1000;
  if (seconds < 10) return null;
  const recent = dials.filter((at) => at > now - MINUTE).length;
  return Math.round((recent * 60) / seconds);
}
