// What stands in the six steps of a campaign ↔ the flow's record. It is kept for the tab until it is saved.

import { useState } from "../../core/ui.js";
import { WEEK } from "../../parts/hours_field.js";
import { ownZone } from "../../parts/zone_field.js";

export const STEPS = ["create", "agent", "contacts", "numbers", "settings", "review"];
export const OUTCOMES = ["no-answer", "busy", "failed", "voicemail"];

/** Which step asks for a field of the flow. */
const STEP_OF = {
  name: 1,
  description: 1,
  voice_agent_id: 2,
  config: 2,
  contact_list_id: 3,
  branches: 3,
  dedupe_hours: 3,
  phone_numbers: 4,
  distribution: 4,
  max_parallel_calls: 5,
  retry_attempts: 5,
  retry_delay_minutes: 5,
  retry_on: 5,
  rate_limit_per_number: 5,
  time_window: 5,
  start_date: 5,
  end_date: 5,
};
export const FIELDS = Object.keys(STEP_OF);

export const stepOf = (path) => STEP_OF[path.split(".")[0]] ?? STEPS.length;

export function blank() {
  return {
    name: "",
    description: "",
    voice_agent_id: "",
    greeting: "",
    source: "list",
    contact_list_id: "",
    branches: [],
    dedupe_hours: 24,
    phone_numbers: [],
    distribution: "round_robin",
    max_parallel_calls: 5,
    retry_attempts: 2,
    retry_delay_minutes: "30",
    rate_limit_per_number: 10,
    retry_on: OUTCOMES.slice(0, 3),
    has_window: false,
    start: "09:00",
    end: "18:00",
    timezone: ownZone(),
    days: WEEK.slice(0, 5),
    holidays: "",
    start_date: "",
    end_date: "",
  };
}

export function drawn(flow) {
  const window = flow.time_window;
  return {
    ...blank(),
    ...Object.fromEntries(FIELDS.filter((name) => name in blank()).map((name) => [name, flow[name] ?? ""])),
    greeting: flow.config.greeting ?? "",
    source: flow.contact_list_id ? "list" : flow.branches.length ? "tags" : "everybody",
    retry_delay_minutes: [flow.retry_delay_minutes].flat().join(", "),
    has_window: window !== null,
    ...(window && { ...window, days: window.days ?? WEEK, holidays: (window.holidays ?? []).join(", ") }),
  };
}

/** Of a POST or PATCH. `config`: what else the flow has there. */
export function body(draft, { config = {} } = {}) {
  const { greeting: _, ...others } = config;
  return {
    name: draft.name,
    description: draft.description,
    voice_agent_id: draft.voice_agent_id || null,
    config: draft.greeting.trim() ? { ...others, greeting: draft.greeting } : others,
    contact_list_id: draft.source === "list" ? draft.contact_list_id : null,
    branches: draft.source === "tags" ? draft.branches : [],
    dedupe_hours: draft.dedupe_hours,
    phone_numbers: draft.phone_numbers,
    distribution: draft.distribution,
    max_parallel_calls: draft.max_parallel_calls,
    retry_attempts: draft.retry_attempts,
    retry_delay_minutes: words(draft.retry_delay_minutes).map(Number),
    rate_limit_per_number: draft.rate_limit_per_number,
    retry_on: draft.retry_on,
    time_window: draft.has_window ? windowOf(draft) : null,
    start_date: draft.start_date || null,
    end_date: draft.end_date || null,
  };
}

function windowOf({ start, end, timezone, days, holidays }) {
  return { start, end, timezone, days, holidays: words(holidays) };
}

const words = (text) => text.split(/[\s,]+/).filter(Boolean);

/** What is missing in a step, as `{field: name of a string}`; `{}`: nothing. */
export function missing(step, draft) {
  const found = {};
  const must = (field, isThere, string) => isThere || (found[field] = string);
  if (step === 1) must("name", draft.name.trim(), "name_required");
  if (step === 2) must("voice_agent_id", draft.voice_agent_id, "agent_required");
  if (step === 3) {
    must("contact_list_id", draft.source !== "list" || draft.contact_list_id, "list_required");
    must("contact_list_id", draft.source !== "upload", "upload_first");
    must("branches", draft.source !== "tags" || draft.branches.length, "tags_required");
    must("dedupe_hours", isWhole(draft.dedupe_hours, 0, 8760), "whole_hours");
  }
  if (step === 5) {
    must("max_parallel_calls", isWhole(draft.max_parallel_calls, 1, 1000), "whole_parallel");
    must("rate_limit_per_number", isWhole(draft.rate_limit_per_number, 1, 600), "whole_rate");
    must("retry_attempts", isWhole(draft.retry_attempts, 0, 10), "whole_retries");
    const delays = words(draft.retry_delay_minutes);
    must("retry_delay_minutes", delays.length && delays.every((delay) => isWhole(Number(delay), 1, 10_080)), "whole_delays");
    must("time_window", !draft.has_window || draft.days.length, "days_required");
    must("end_date", !draft.start_date || !draft.end_date || draft.start_date <= draft.end_date, "end_before_start");
  }
  return found;
}

const isWhole = (number, least, most) => Number.isInteger(number) && number >= least && number <= most;

/** The furthest step that may be opened: none before it lacks anything. */
export function furthest(draft) {
  const first = STEPS.findIndex((_, at) => Object.keys(missing(at + 1, draft)).length > 0);
  return first < 0 ? STEPS.length : first + 1;
}

/**
 * `[draft, change, settle]`. What was begun under `name` in this tab is gone on with, until it is settled: kept elsewhere.
 * `asked` stands above both.
 */
export function useDraft(name, initial, asked) {
  const place = `vaani.campaign.${name}`;
  const [draft, setDraft] = useState(() => ({ ...(JSON.parse(sessionStorage.getItem(place)) ?? initial), ...asked }));
  const change = (more) => // also from what began long ago, such as an upload
    setDraft((before) => {
      const next = { ...before, ...more };
      sessionStorage.setItem(place, JSON.stringify(next));
      return next;
    });
  const settle = (kept) => {
    sessionStorage.removeItem(place);
    setDraft(kept);
  };
  return [draft, change, settle];
}
