// English, a room a file. Another language is another folder of the same shape.

import calls from "./calls.js";
import agents from "./agents.js";
import common, { errors } from "./common.js";
import flows from "./flows.js";
import latency from "./latency.js";
import live from "./live.js";
import overview from "./overview.js";
import attempt from "./try.js";
import waterfall from "./waterfall.js";
import contacts from "./contacts.js";
import keys from "./keys.js";
import settings from "./settings.js";
import webhooks from "./webhooks.js";
import integrations from "./integrations.js";
import numbers from "./numbers.js";
import queues from "./queues.js";
import voices, { scripts } from "./voices.js";

export default {
  agents,
  calls,
  common,
  errors,
  flows,
  latency,
  live,
  overview,
  try: attempt,
  waterfall,
  contacts,
  keys,
  settings,
  webhooks,
  integrations,
  numbers,
  queues,
  scripts,
  voices,
};
