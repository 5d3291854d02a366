// Asking the server. Paths are relative to /api/voice: get("/calls", {limit: 50}).

import { key, refusal } from "./key.js";
import { t } from "./strings.js";

export { events } from "./events.js";

const ROOT = "/api/voice";
const FIELD = /^(?!the )([a-z]\w*(?:\.[\w+:-]*\w)*):? ./; // "name is required", "retry.after must be …"

/** What the server refused, or that it did not answer (status 0). `fields`: what is wrong with each field, by its name. */
export class ApiError extends Error {
  constructor(status, detail, fields = {}, wait = 0) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.detail = detail;
    this.fields = fields;
    this.wait = wait; // seconds until asking again makes sense
  }
}

/** `query` may hold null, undefined and "" (left out), and lists (repeated). Answers parsed JSON. */
export const get = (path, query, options) => asked("GET", path, { query, ...options });
export const post = (path, body, options) => asked("POST", path, { body, ...options });
export const patch = (path, body, options) => asked("PATCH", path, { body, ...options });
export const put = (path, body, options) => asked("PUT", path, { body, ...options });
export const del = (path, body, options) => asked("DELETE", path, { body, ...options });
export const upload = (path, form, options) => asked("POST", path, { form, ...options });

/** Null for what is deleted, or not for this key to read. */
export async function getIfThere(path, options) {
  try {
    return await get(path, {}, options);
  } catch (error) {
    if (error.status === 404 || error.status === 403) return null;
    throw error;
  }
}

/** The bytes behind a path: sound, a file. `options.query`, `options.signal` as for the others. */
export async function blob(path, options) {
  return (await sent("GET", path, options)).blob();
}

/** The address of a path with its query, as the requests use it. */
export function address(path, query) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "") search.append(name, one);
    }
  }
  const text = search.toString();
  return ROOT + path + (text ? "?" + text : "");
}

async function asked(method, path, options) {
  const answer = await sent(method, path, options);
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

/** An answer that is no refusal. Raises ApiError, and AbortError if `signal` says so. */
export async function sent(method, path, { query, body, form, signal, headers = {} } = {}) {
  const init = { method, signal, headers: { Authorization: `Bearer ${key.value}`, ...headers }, cache: "no-store" };
  if (form) init.body = form;
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["Content-Type"] = "application/json";
  }
  const used = key.value;
  let answer;
  try {
    answer = await fetch(address(path, query), init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, t("errors.unreachable"));
  }
  if (answer.ok) return answer;
  const refused = await refusalOf(answer);
  if (answer.status === 401 && used && used === key.value) {
    refusal.value = refused.detail;
    key.value = "";
  }
  throw refused;
}

async function refusalOf(answer) {
  const wait = Number(answer.headers.get("Retry-After")) || 0;
  let told = null;
  try {
    told = await answer.json();
  } catch {
    // a proxy's page, or nothing at all: the status has to do
  }
  if (answer.status === 429) return new ApiError(429, t("errors.too_many", { n: wait || 60 }), {}, wait);
  const detail = typeof told?.detail === "string" ? told.detail : t("errors.status", { status: answer.status });
  const field = (answer.status === 400 || answer.status === 409) && FIELD.exec(detail);
  return new ApiError(answer.status, detail, field ? { [field[1]]: detail } : {}, wait);
}

/** A WebSocket with the key in its address, for browsers can send no header there. `path` is from the root: "/ws/live/…". */
export function socket(path, query = {}) {
  const url = new URL(path, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.search = new URLSearchParams({ ...query, token: key.value });
  return new WebSocket(url);
}
