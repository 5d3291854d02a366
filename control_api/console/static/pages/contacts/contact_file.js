// What stands at the beginning of a file of contacts, and what its columns are likely to be. The server decides as we do here:
// it takes commas, semicolons and tabs, and knows these other names of the fields.

const READ = 256 * 1024; // bytes of the file that are looked at
const SHOWN = 5; // rows of the preview
const SEPARATORS = [",", ";", "\t"];

export const FIELDS = [
  "phone", "name", "email", "tags", "preferred_language", "timezone", "external_id", "extension", "opted_out",
  "recording_opt_out", "metadata",
];

const SYNONYMS = {
  phone_number: "phone", phone_no: "phone", mobile: "phone", mobile_number: "phone", mobile_no: "phone",
  telephone: "phone", contact_number: "phone", contact_no: "phone",
  customer_name: "name", contact_name: "name", full_name: "name",
  email_address: "email", e_mail: "email",
  opt_out: "opted_out", do_not_call: "opted_out",
  time_zone: "timezone",
};

/**
 * `{kind: "csv", names, rows, targets}`, `{kind: "json"}`, or `{kind: "", reason}` with the name of a string.
 * `targets` says of each column what it is for: a field, "metadata", or "" for nothing.
 */
export async function looked(file) {
  const name = file.name.toLowerCase();
  if (name.endsWith(".json")) return { kind: "json" };
  if (!name.endsWith(".csv")) return { kind: "", reason: "wrong_kind" };
  const text = await file.slice(0, READ).text();
  const [names, ...rows] = records(text, separator(text)).filter((record) => record.some((cell) => cell.trim()));
  if (!names) return { kind: "", reason: "empty_file" };
  if (file.size > READ) rows.pop(); // it may be cut in two
  const trimmed = names.map((name) => name.trim());
  return { kind: "csv", names: trimmed, rows: rows.slice(0, SHOWN), targets: guessed(trimmed) };
}

/** The `mapping` of the form that is uploaded. */
export function mapping(names, targets) {
  const said = {};
  for (const [at, name] of names.entries()) {
    if (!name) continue;
    said[name] = targets[at] === "own" ? `metadata.${name}` : targets[at] || null;
  }
  return said;
}

/** The first field that two columns are for, or undefined. */
export function doubled(targets) {
  return targets.find((target, at) => target && target !== "own" && targets.indexOf(target) !== at);
}

/** Error rows as a CSV file. */
export function errorsCsv(errors) {
  const lines = [["row", "phone", "reason"], ...errors.map(({ row, phone, reason }) => [row, phone ?? "", reason])];
  return lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
}

function quoted(value) {
  const text = String(value);
  // A spreadsheet would calculate what begins so. A phone number's + is worth keeping, and is harmless before digits alone.
  const safe = /^[=@\t\r-]|^\+(?!\d+$)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function guessed(names) {
  const taken = new Set();
  return names.map((name) => {
    const plain = name.toLowerCase().replace(/[\s-]+/g, "_");
    const field = SYNONYMS[plain] ?? plain;
    if (!FIELDS.includes(field) || taken.has(field)) return name ? "own" : "";
    taken.add(field);
    return field;
  });
}

function separator(text) {
  const [header] = text.replace(/^\uFEFF/, "").trimStart().split(/\r?\n/, 1);
  return SEPARATORS.reduce((best, one) => (header.split(one).length > header.split(best).length ? one : best));
}

function records(text, between) {
  const all = [];
  let record = [];
  let cell = "";
  let quotes = false;
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < text.length; at += 1) {
    const letter = text[at];
    if (quotes) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') cell += text[(at += 1)];
      else quotes = false;
    } else if (letter === '"' && cell === "") quotes = true;
    else if (letter === between) {
      record.push(cell);
      cell = "";
    } else if (letter === "\n") {
      all.push([...record, cell.replace(/\r$/, "")]);
      record = [];
      cell = "";
    } else cell += letter;
  }
  if (cell || record.length) all.push([...record, cell]);
  return all;
}
