// Something that a page shows and that the server has.

import { useCallback, useEffect, useRef, useState } from "./ui.js";

/**
 * `load(options)` answers a promise; pass `options` (an abort signal) on to get(). It is asked again when `deps` change,
 * on `reload()`, and `every` milliseconds while the tab is seen. What was there stays until the new has come, but for new deps.
 */
export function useResource(load, deps = [], { every = 0 } = {}) {
  const [state, setState] = useState({ data: null, error: null, loading: true });
  const [round, setRound] = useState(0);
  const current = useRef(load);
  current.current = load;
  const known = useRef(null);

  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    const signature = JSON.stringify(deps);
    const isNew = known.current !== signature;
    known.current = signature;
    setState((before) => ({ data: isNew ? null : before.data, error: isNew ? null : before.error, loading: true }));

    const ask = async () => {
      if (document.hidden && every) return;
      try {
        const data = await current.current({ signal: abort.signal });
        if (!abort.signal.aborted) setState({ data, error: null, loading: false });
      } catch (error) {
        if (abort.signal.aborted) return;
        setState((before) => ({ data: before.data, error, loading: false }));
        if (error.wait) return again(Math.max(every, error.wait * 1000));
      }
      again(every);
    };
    const again = (after) => {
      clearTimeout(timer); // two may have been under way: one that was seen in between
      if (every && !abort.signal.aborted) timer = setTimeout(ask, after);
    };
    const seen = () => {
      if (document.hidden) return;
      clearTimeout(timer);
      ask();
    };
    if (every) document.addEventListener("visibilitychange", seen);
    ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [...deps, every, round]);

  const reload = useCallback(() => setRound((now) => now + 1), []);
  return { ...state, reload };
}
