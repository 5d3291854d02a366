// Values as people read them. What is not there is a dash.

const NONE = "–";
const locale = navigator.language;
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
const moment = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const since = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
const two = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

const isMissing = (value) => value === null || value === undefined || value === "" || Number.isNaN(value);

/** "14:03:27" of an ISO time. */
export const time = (iso) => (isMissing(iso) ? NONE : clock.format(new Date(iso)));

/** "3 Mar 2026". */
export const date = (iso) => (isMissing(iso) ? NONE : day.format(new Date(iso)));

/** "3 Mar, 14:03". */
export const dateTime = (iso) => (isMissing(iso) ? NONE : moment.format(new Date(iso)));

/** "3 Mar, 09:00" by the clocks of a time zone, or null if the browser knows no such zone. */
export function timeIn(iso, timeZone) {
  try {
    return new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone }).format(new Date(iso));
  } catch {
    return null;
  }
}

/** "5 min. ago", "in 2 hr.". */
export function ago(iso) {
  if (isMissing(iso)) return NONE;
  const seconds = (new Date(iso) - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS.at(-1);
  return since.format(Math.trunc(seconds / size), unit);
}

/** "1:05" or "1:02:05" of seconds. */
export function duration(seconds) {
  if (isMissing(seconds)) return NONE;
  const all = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60];
  const two = (n) => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** "640 ms", "1.35 s" of milliseconds. */
export function ms(n) {
  if (isMissing(n)) return NONE;
  return n < 1000 ? `${Math.round(n)} ms` : `${(n / 1000).toFixed(2)} s`;
}

/** "42%" of 0.42. */
export function percent(x) {
  if (isMissing(x)) return NONE;
  const hundredths = x * 100;
  return `${hundredths && Math.abs(hundredths) < 10 ? Number(hundredths.toFixed(1)) : Math.round(hundredths)}%`;
}

/** "+91 98123 45678" of "+919812345678"; other countries' numbers in groups. */
export function phone(e164) {
  if (isMissing(e164)) return NONE;
  const indian = /^\+91(\d{5})(\d{5})$/.exec(e164);
  return indian ? `+91 ${indian[1]} ${indian[2]}` : e164;
}

export const number = (n) => (isMissing(n) ? NONE : whole.format(n));

/** "12.50"; with a `currency` ("INR") its sign before it. */
export function money(n, currency) {
  if (isMissing(n)) return NONE;
  return currency ? new Intl.NumberFormat(locale, { style: "currency", currency }).format(n) : two.format(n);
}

/** "1.4 MB" of bytes. */
export function bytes(n) {
  if (isMissing(n)) return NONE;
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, n)) / 3));
  return `${whole.format(Number((n / 1000 ** power).toFixed(1)))} ${units[power]}`;
}
