// An agent's record ↔ what stands in the form. The plan's keys without a field of their own are kept as they are.

export const STAGES = ["stt", "llm", "tts"];
/** Keys of the plan that have a field of their own. */
export const PLAN_FIELDS = ["language", "greeting", "prompt", "record", "smart_turn", "max_seconds", ...STAGES];
const COLOURS = ["#6366f1", "#0d9488", "#d97706", "#be185d", "#2563eb", "#7c3aed", "#15803d"];

export function blank() {
  return {
    name: "",
    role: "",
    description: "",
    avatar_color: COLOURS[0],
    voice: { provider: "nextneural", speaker: "" },
    language: "en-IN",
    greeting: "",
    prompt: "",
    record: true,
    smart_turn: true,
    max_seconds: "",
    stages: { stt: choice(), llm: choice(), tts: choice() },
    plan: "{}",
    overrides: "{}",
  };
}

export function drawn(agent) {
  const config = agent.config;
  const rest = Object.fromEntries(Object.entries(config).filter(([key]) => !PLAN_FIELDS.includes(key)));
  const voice = agent.voice_config;
  return {
    ...blank(),
    name: agent.name,
    role: agent.role,
    description: agent.description,
    avatar_color: agent.avatar_color ?? COLOURS[0],
    voice: { model: voice?.model, provider: voice?.provider ?? "nextneural", speaker: voice?.speaker ?? "" },
    language: config.language ?? voice?.language_code ?? "",
    greeting: config.greeting ?? "",
    prompt: config.prompt ?? "",
    record: config.record ?? true,
    smart_turn: config.smart_turn ?? true,
    max_seconds: config.max_seconds ?? "",
    stages: Object.fromEntries(STAGES.map((stage) => [stage, choice(config[stage])])),
    plan: JSON.stringify(rest, null, 2),
    overrides: JSON.stringify(agent.assistant_overrides, null, 2),
  };
}

/** The body of a POST or PATCH. Throws a SyntaxError with `field` where JSON text is none. */
export function body(draft) {
  const config = parsed(draft.plan, "plan");
  for (const key of ["language", "greeting", "prompt"]) if (draft[key].trim()) config[key] = draft[key];
  for (const key of ["record", "smart_turn"]) if (!draft[key]) config[key] = false;
  if (draft.max_seconds !== "" && draft.max_seconds !== null) config.max_seconds = Number(draft.max_seconds);
  for (const stage of STAGES) {
    const { provider, options } = draft.stages[stage];
    if (provider) config[stage] = { provider, options };
  }
  return {
    name: draft.name,
    role: draft.role,
    description: draft.description,
    avatar_color: draft.avatar_color,
    voice_config: voiceOf(draft),
    config,
    assistant_overrides: parsed(draft.overrides, "overrides"),
  };
}

/** Secrets are shown masked, and a mask means nothing in another record: a copy goes without them. */
export function copied(draft, name) {
  const stages = Object.fromEntries(
    STAGES.map((stage) => [stage, { ...draft.stages[stage], options: unmasked(draft.stages[stage].options) }]),
  );
  const overrides = JSON.stringify(unmasked(JSON.parse(draft.overrides)), null, 2);
  return { ...draft, name, stages, overrides };
}

function choice(given) {
  return { provider: given?.provider ?? "", options: given?.options ?? {} };
}

function voiceOf({ voice, language }) {
  const said = Object.entries({ ...voice, language_code: language }).filter(([, value]) => value);
  return Object.fromEntries(said);
}

function parsed(text, field) {
  let value;
  try {
    value = JSON.parse(text.trim() || "{}");
  } catch (error) {
    throw Object.assign(new SyntaxError(error.message), { field, kind: "not_json" });
  }
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw Object.assign(new SyntaxError(), { field, kind: "not_object" });
  return value;
}

function unmasked(value) {
  if (Array.isArray(value)) return value.map(unmasked);
  if (value === null || typeof value !== "object") return value;
  const clear = Object.entries(value).filter(([, item]) => !(typeof item === "string" && item.startsWith("••••")));
  return Object.fromEntries(clear.map(([key, item]) => [key, unmasked(item)]));
}
