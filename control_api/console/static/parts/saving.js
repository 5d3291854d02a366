// A form that is on its way to the server, and what the server says to it.

import { useState } from "../core/ui.js";

/**
 * `run(work)` does one thing at a time and answers whether it was done. Then `busy`, `errors` (what is wrong with each
 * field) and `problem` (a refusal that names no field of `fields`). `conflict` is the field that a 409 is about.
 */
export function useSaving(fields, conflict) {
  const [{ busy, error }, setState] = useState({ busy: false, error: null });
  const run = async (work) => {
    setState({ busy: true, error: null });
    try {
      await work();
    } catch (refused) {
      setState({ busy: false, error: refused });
      return false;
    }
    setState({ busy: false, error: null });
    return true;
  };
  const errors = error ? wrong(error, fields, conflict) : {};
  return { run, busy, errors, problem: error && !Object.keys(errors).length ? error : null };
}

function wrong(error, fields, conflict) {
  if (error.status === 409 && conflict) return { [conflict]: error.detail };
  const named = Object.entries(error.fields ?? {});
  return Object.fromEntries(named.filter(([path]) => fields.some((field) => path === field || path.startsWith(`${field}.`))));
}
