// Pages by the address: /#/calls/cal_1?tab=words. The table is routes.js.

import { routes } from "../routes.js";
import { signal } from "./ui.js";

const table = Object.entries(routes).map(([pattern, load]) => ({ name: pattern, parts: pattern.split("/"), load }));

/** `{name, path, params, query, load}`; `name` is the pattern, "" if no page has that address. */
export const route = signal(found());

let ask = null;

addEventListener("hashchange", async () => {
  const wanted = location.hash;
  if (ask && found().path !== route.value.path) {
    history.replaceState(null, "", href(route.value.path, route.value.query)); // here, until it is known
    if (!(await ask())) return;
    history.replaceState(null, "", wanted);
  }
  route.value = found();
});

/** Before another page is opened `may()` is asked, and answers a promise of a boolean. Answers a function that ends that. */
export function guard(may) {
  ask = may;
  return () => {
    if (ask === may) ask = null;
  };
}

/** The address of a page, for links. */
export function href(path, query = {}) {
  const kept = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const search = new URLSearchParams(kept).toString();
  return `#${path}${search ? "?" + search : ""}`;
}

export function go(path, query) {
  location.hash = href(path, query);
}

/** Changes what the address asks for, in place: filters, tabs, pages. Null takes a name out. */
export function setQuery(changes) {
  history.replaceState(null, "", href(route.value.path, { ...route.value.query, ...changes }));
  route.value = found();
}

function found() {
  const [path, search = ""] = (location.hash.slice(1) || "/").split(/\?(.*)/s);
  const query = Object.fromEntries(new URLSearchParams(search));
  const parts = path.split("/");
  for (const { name, parts: pattern, load } of table) {
    const params = matched(pattern, parts);
    if (params) return { name, path, params, query, load };
  }
  return { name: "", path, params: {}, query, load: () => import("../pages/not_found.js") };
}

function matched(pattern, parts) {
  if (pattern.length !== parts.length) return null;
  const params = {};
  for (const [at, part] of pattern.entries()) {
    if (part.startsWith(":")) {
      if (!parts[at]) return null;
      params[part.slice(1)] = decoded(parts[at]);
    } else if (part !== parts[at]) return null;
  }
  return params;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // somebody's own % in an address: no such page, rather than none at all
  }
}
