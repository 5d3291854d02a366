// Which fields a refusal is about: the server's sentences begin with the path of the field ("hours.start must be …").

/** `{path: sentence}` for `names` and what is below them; `{}` if the error is about something else. A 409 is about `conflict`. */
export function fieldErrors(error, names, conflict) {
  if (error?.status === 409 && conflict) return { [conflict]: error.detail };
  return Object.fromEntries(Object.entries(error?.fields ?? {}).filter(([path]) => names.some((name) => isWithin(path, name))));
}

/** What is wrong with `name` or anything below it. */
export function errorAt(errors, name) {
  return Object.entries(errors).find(([path]) => isWithin(path, name))?.[1];
}

const isWithin = (path, name) => path === name || path.startsWith(`${name}.`);
