// Times between the server, which speaks UTC, and <input type="datetime-local">, which speaks of the clock on the wall.

/** "2026-05-01T09:30" here, `minutes` from now. */
export function localNow(minutes = 0) {
  const now = new Date(Date.now() + minutes * 60_000);
  return new Date(now - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** "2026-05-01T07:30:00Z" of "2026-05-01T09:30" here. */
export function utcOf(local) {
  return `${new Date(local).toISOString().slice(0, 19)}Z`;
}

export function zones() {
  const known = Intl.supportedValuesOf("timeZone");
  return known.includes("UTC") ? known : ["UTC", ...known];
}
