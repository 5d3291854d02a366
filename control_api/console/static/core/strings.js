// All that a user reads, by its name: t("calls.title"), t("calls.found", {n: 3}).

import en from "../strings/en/index.js";

const plural = new Intl.PluralRules("en");

/** A string may be `{one, other}`, chosen by `n`. A name that stands nowhere is shown as itself, so that it is seen. */
export function t(name, values = {}) {
  let found = name.split(".").reduce((room, word) => room?.[word], en);
  if (found?.other !== undefined) found = found[plural.select(values.n)] ?? found.other;
  if (typeof found !== "string") return name;
  return found.replace(/\{(\w+)\}/g, (whole, word) => String(values[word] ?? whole));
}

/** As `t`, but for words that the server sends (states, outcomes): without a string, the word itself, made readable. */
export function word(room, value) {
  const name = `${room}.${value}`;
  const text = t(name);
  if (text !== name) return text;
  const plain = String(value ?? "").replaceAll("_", " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
