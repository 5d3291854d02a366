// The server's sentences begin with the field that they are about: "phone must be in E.164 format".

/** What is wrong with each field of `names`: `{phone: "Must be …"}`, and `{}` if the error is about something else. */
export function fieldErrors(error, names) {
  const own = Object.entries(error?.fields ?? {}).find(([name, said]) => names.includes(name) && !said.startsWith(name));
  if (own) return Object.fromEntries([own]); // found here, before anything was sent
  const [, field, rest, what] = /^([\w-]+)((?:\.[\w-]+)*):? (.+)$/s.exec(error?.detail ?? "") ?? [];
  if (error?.status !== 400 || !names.includes(field)) return {};
  const said = rest ? `${rest.slice(1)} ${what}` : what;
  return { [field]: said.charAt(0).toUpperCase() + said.slice(1) };
}
