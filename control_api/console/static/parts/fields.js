// Fields of a form. `onInput` is given the value (and the event second): text, a number or null, true or false.

import { html, useId } from "../core/ui.js";
import { t } from "../core/strings.js";

/** A label, what is to be entered (`children` is given the attributes that tie both), a hint, and what is wrong with it. */
export function Field({ label, hint, error, required, hideLabel, children }) {
  const id = useId();
  const about = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  const tied = { id, "aria-describedby": about || undefined, "aria-invalid": error ? "true" : undefined, required };
  return html`
    <div class=${error ? "field wrong" : "field"}>
      <label for=${id} class=${hideLabel ? "unseen" : ""}>${label}${required && html`<span class="star" aria-hidden="true"> *</span>`}</label>
      ${children(tied)}
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
      ${error && html`<p class="error" id="${id}-error">${error}</p>`}
    </div>`;
}

const PARTS = ["label", "hint", "error", "required", "hideLabel"];

function split(props) {
  const field = {};
  const rest = {};
  for (const [name, value] of Object.entries(props)) (PARTS.includes(name) ? field : rest)[name] = value;
  return [field, rest];
}

/** `type` as of <input>: text, password, search, tel, email, date, time, datetime-local. */
export function TextField({ value, onInput, type = "text", ...props }) {
  const [field, rest] = split(props);
  return html`<${Field} ...${field}>${(tied) => html`
    <input type=${type} value=${value ?? ""} ...${tied} ...${rest} onInput=${(event) => onInput(event.target.value, event)} />`}<//>`;
}

export function TextArea({ value, onInput, rows = 4, ...props }) {
  const [field, rest] = split(props);
  return html`<${Field} ...${field}>${(tied) => html`
    <textarea rows=${rows} value=${value ?? ""} ...${tied} ...${rest} onInput=${(event) => onInput(event.target.value, event)} />`}<//>`;
}

/** An emptied field is null; what is no number yet is not told. */
export function NumberField({ value, onInput, ...props }) {
  const [field, rest] = split(props);
  const told = (event) => {
    const text = event.target.value.trim();
    const number = Number(text);
    if (text === "" ? !event.target.validity.badInput : !Number.isNaN(number)) onInput(text === "" ? null : number, event);
  };
  return html`<${Field} ...${field}>${(tied) => html`
    <input type="number" inputmode="decimal" value=${value ?? ""} ...${tied} ...${rest} onInput=${told} />`}<//>`;
}

/** `options`: words, or [{value, label}]. With `blank` (words) there is a first choice of nothing, told as "". */
export function SelectField({ value, onInput, options, blank, ...props }) {
  const [field, rest] = split(props);
  return html`<${Field} ...${field}>${(tied) => html`
    <select value=${value ?? ""} ...${tied} ...${rest} onInput=${(event) => onInput(event.target.value, event)}>
      ${blank !== undefined && html`<option value="" selected=${!value}>${blank}</option>`}
      ${options.map((option) => {
        const { value: own, label } = typeof option === "object" ? option : { value: option, label: option };
        return html`<option key=${own} value=${own} selected=${String(own) === String(value)}>${label}</option>`;
      })}
    </select>`}<//>`;
}

export function CheckField({ label, value, onInput, hint, error, ...rest }) {
  const id = useId();
  return html`
    <div class="field check">
      <input type="checkbox" id=${id} checked=${Boolean(value)} aria-describedby=${hint || error ? `${id}-hint` : undefined}
        ...${rest} onInput=${(event) => onInput(event.target.checked, event)} />
      <label for=${id}>${label}</label>
      ${(hint || error) && html`<p class=${error ? "error" : "hint"} id="${id}-hint">${error ?? hint}</p>`}
    </div>`;
}

/** A search field: "/" puts the cursor here. */
export function SearchField({ label = t("common.search"), ...props }) {
  return html`<${TextField} type="search" label=${label} hideLabel placeholder=${label} data-search ...${props} />`;
}

/** A list of words, one a line. */
export function ListField({ value, onInput, ...props }) {
  const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
  return html`<${TextArea} rows=${3} hint=${t("common.one_a_line")} ...${props} value=${(value ?? []).join("\n")}
    onInput=${(text, event) => event.type === "input" && onInput(text.endsWith("\n") ? [...lines(text), ""] : lines(text))} />`;
}
