// A contact's record ↔ what stands in the form.

import { objectIn } from "../../parts/form.js";

const TEXTS = ["email", "preferred_language", "timezone", "external_id", "extension"]; // null where nothing is known
export const NAMES = ["name", "phone", "tags", "opted_out", "recording_opt_out", "metadata", "assistant_overrides", ...TEXTS];

/** Of a contact, or of a new one. */
export function drawn(contact) {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, contact?.[name] ?? ""]));
  return {
    name: contact?.name ?? "",
    phone: contact?.phone ?? "",
    ...texts,
    tags: (contact?.tags ?? []).join(", "),
    opted_out: contact?.opted_out ?? false,
    recording_opt_out: contact?.recording_opt_out ?? false,
    metadata: pairs(contact?.metadata ?? {}),
    assistant_overrides: JSON.stringify(contact?.assistant_overrides ?? {}, null, 2),
    overwrite: false,
  };
}

/** A value as it is read; what was taken away is kept as null, and is not shown. */
export function pairs(metadata) {
  return Object.entries(metadata)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
}

/** The tags in a text, each once. */
export function tagsIn(text) {
  return [...new Set(text.split(",").map((tag) => tag.trim()).filter(Boolean))];
}

/** The body of a POST, or, of a `contact` that there is, of a PATCH: only what was changed. Raises ApiError. */
export function body(draft, contact) {
  const before = drawn(contact);
  const told = {};
  for (const [name, value] of Object.entries(draft)) {
    if (JSON.stringify(value) === JSON.stringify(before[name]) && (contact || !["name", "phone"].includes(name))) continue;
    if (name === "tags") told.tags = tagsIn(value);
    else if (name === "metadata") told.metadata = metadataOf(value, contact?.metadata ?? {});
    else if (name === "assistant_overrides") told[name] = objectIn(value, name);
    else told[name] = TEXTS.includes(name) ? value.trim() || null : value;
    if (name === "phone") told.phone = value.replace(/[\s()-]/g, "");
  }
  return told;
}

/** The server merges: what is gone here is told as null. What was a number or a list stays one. */
function metadataOf(rows, before) {
  const given = Object.fromEntries(rows.filter(([name]) => name.trim()).map(([name, text]) => [name.trim(), text]));
  const gone = Object.fromEntries(Object.keys(before).filter((name) => !(name in given)).map((name) => [name, null]));
  const kept = Object.entries(given).map(([name, text]) => [name, typed(text, before[name])]);
  return { ...gone, ...Object.fromEntries(kept) };
}

function typed(text, before) {
  if (before === undefined || before === null || typeof before === "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text; // it is a text from now on
  }
}
