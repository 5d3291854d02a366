// The flows that answer on numbers and call from them.

import { get, patch } from "../../core/api.js";

const LIMIT = 100;

/** All of them, however many pages they are. */
export async function everyFlow(options) {
  const flows = [];
  for (;;) {
    const page = await get("/flows", { limit: LIMIT, offset: flows.length, include_metrics: false }, options);
    flows.push(...page.flows);
    if (!page.flows.length || flows.length >= page.total) return flows;
  }
}

/** Lets `to` (an id, or "") answer on a number, in the place of the flow with the id `from`. */
export async function answeredBy(number, from, to) {
  if (from === to) return;
  if (from) await patch(`/flows/${from}`, { phone_number: null });
  if (to) await patch(`/flows/${to}`, { phone_number: number });
}
