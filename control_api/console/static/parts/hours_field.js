// Daily hours and the days on which they hold.

import { t } from "../core/strings.js";
import { html } from "../core/ui.js";
import { CheckField, TextField } from "./fields.js";

export const WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const USUAL = { start: "09:00", end: "18:00", days: WEEK.slice(0, 5) };

/** `value`: `{start, end, days}` as the server has them, or null for always. `errors` are those of the whole form. */
export function HoursField({ label, always, name = "hours", value, onInput, errors = {} }) {
  const days = value?.days ?? WEEK;
  const toggle = (day, is) => onInput({ ...value, days: WEEK.filter((one) => (one === day ? is : days.includes(one))) });
  return html`<fieldset class="group">
    <legend>${label}</legend>
    <${CheckField} label=${always} value=${value === null} onInput=${(is) => onInput(is ? null : USUAL)} />
    ${value !== null && html`
      <div class="grid">
        <${TextField} type="time" required label=${t("queues.from")} value=${value.start} error=${errors[`${name}.start`]}
          onInput=${(start) => onInput({ ...value, start })} />
        <${TextField} type="time" required label=${t("queues.until")} value=${value.end} error=${errors[`${name}.end`]}
          hint=${value.end < value.start ? t("queues.overnight") : undefined} onInput=${(end) => onInput({ ...value, end })} />
      </div>
      <div class="row" role="group" aria-label=${t("queues.days")}>
        ${WEEK.map((day) => html`<${CheckField} key=${day} label=${t(`queues.day.${day}`)} value=${days.includes(day)}
          onInput=${(is) => toggle(day, is)} />`)}
      </div>`}
    ${(errors[`${name}.days`] ?? errors[name]) && html`<p class="error">${errors[`${name}.days`] ?? errors[name]}</p>`}
  </fieldset>`;
}

/** "Mon–Fri 09:00–18:00"; `always` where there are none. */
export function hoursText(hours, always) {
  if (!hours) return always;
  const days = hours.days ?? WEEK;
  const places = days.map((day) => WEEK.indexOf(day));
  const isRow = places.length > 2 && places.at(-1) - places[0] === places.length - 1;
  const named = (day) => t(`queues.day.${day}`);
  const text = days.length === 7 ? t("queues.daily") : isRow ? `${named(days[0])}–${named(days.at(-1))}` : days.map(named).join(", ");
  return `${text} ${hours.start}–${hours.end}`;
}
