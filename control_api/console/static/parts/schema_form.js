// A form drawn from a JSON schema, as pydantic writes it.

import { html, useState } from "../core/ui.js";
import { t } from "../core/strings.js";
import { CheckField, ListField, NumberField, SelectField, TextArea, TextField } from "./fields.js";

const LONG = 200; // characters from which on a text has several lines

/**
 * `value` is an object; `onChange` is given a new one. A field that is emptied is left out, so that its default holds.
 * `errors`: what is wrong, by the field's name ("retry.after" within "retry"). `omit`: names that are not shown.
 */
export function SchemaForm({ schema, value, onChange, errors = {}, omit = [] }) {
  return html`<div class="schema-form">
    <${Properties} schema=${resolved(schema, schema)} root=${schema} value=${value ?? {}} onChange=${onChange}
      errors=${errors} path="" omit=${omit} />
  </div>`;
}

function Properties({ schema, root, value, onChange, errors, path, omit = [] }) {
  const changed = (name, own) => {
    const { [name]: _, ...others } = value;
    onChange(own === undefined ? others : { ...others, [name]: own });
  };
  return Object.entries(schema.properties ?? {})
    .filter(([name]) => !omit.includes(name))
    .map(([name, own]) => html`
      <${Property} key=${name} name=${name} schema=${resolved(own, root)} root=${root} value=${value[name]}
        required=${schema.required?.includes(name) ?? false} onChange=${(next) => changed(name, next)}
        errors=${errors} path=${path ? `${path}.${name}` : name} />`);
}

function Property({ name, schema, root, value, required, onChange, errors, path }) {
  const common = { label: titled(name, schema), hint: schema.description, error: errors[path], required };
  const fallback = schema.default === undefined || schema.default === null ? undefined : written(schema.default);
  const emptied = (text) => onChange(text === "" && !required ? undefined : text);

  if (schema.properties) {
    return html`
      <fieldset class="group">
        <legend>${common.label}</legend>
        ${schema.description && html`<p class="hint">${schema.description}</p>`}
        ${errors[path] && html`<p class="error">${errors[path]}</p>`}
        <${Properties} schema=${schema} root=${root} value=${value ?? {}} onChange=${onChange} errors=${errors} path=${path} />
      </fieldset>`;
  }
  if (schema.enum ?? schema.const) {
    const options = schema.enum ?? [schema.const];
    const picked = (text) => onChange(text === "" ? undefined : options.find((one) => String(one) === text));
    const blank = required && !schema.nullable ? undefined : fallback ? t("common.default_is", { value: fallback }) : t("common.default");
    return html`<${SelectField} ...${common} value=${value} blank=${blank} onInput=${picked}
      options=${options.filter((one) => one !== null).map((one) => ({ value: String(one), label: String(one) }))} />`;
  }
  switch (schema.type) {
    case "boolean":
      return html`<${CheckField} label=${common.label} hint=${common.hint} error=${common.error}
        value=${value ?? schema.default ?? false} onInput=${onChange} />`;
    case "integer":
    case "number":
      return html`<${NumberField} ...${common} value=${value} placeholder=${fallback} step=${schema.type === "integer" ? 1 : "any"}
        min=${schema.minimum ?? schema.exclusiveMinimum} max=${schema.maximum ?? schema.exclusiveMaximum}
        onInput=${(number) => onChange(number ?? undefined)} />`;
    case "string":
      if (schema.writeOnly || schema.format === "password") {
        return html`<${TextField} ...${common} type="password" autocomplete="new-password" value=${value} onInput=${emptied} />`;
      }
      return schema.maxLength > LONG || (schema.default?.length ?? 0) > LONG
        ? html`<${TextArea} ...${common} value=${value} placeholder=${fallback} maxlength=${schema.maxLength} onInput=${emptied} />`
        : html`<${TextField} ...${common} value=${value} placeholder=${fallback} maxlength=${schema.maxLength} onInput=${emptied} />`;
    case "array":
      if (resolved(schema.items ?? {}, root).type === "string") {
        return html`<${ListField} ...${common} hint=${[common.hint, t("common.one_a_line")].filter(Boolean).join(" ")}
          value=${value ?? schema.default} onInput=${(list) => onChange(list.length || required ? list : undefined)} />`;
      }
  }
  const hint = schema.mayBeText ? [common.hint, t("common.or_json")].filter(Boolean).join(" ") : common.hint;
  return html`<${JsonField} ...${common} hint=${hint} mayBeText=${schema.mayBeText} value=${value} placeholder=${fallback} onChange=${onChange} />`;
}

/** What has no field of its own is written as JSON. With `mayBeText` other words stand for themselves. */
function JsonField({ value, onChange, error, mayBeText = false, ...rest }) {
  const [text, setText] = useState(value === undefined ? "" : mayBeText && isPlain(value) ? value : JSON.stringify(value, null, 2));
  const [wrong, setWrong] = useState(false);
  const entered = (next) => {
    setText(next);
    if (!next.trim()) {
      setWrong(false);
      return onChange(undefined);
    }
    try {
      onChange(read(next, mayBeText));
      setWrong(false);
    } catch {
      setWrong(true); // not JSON yet: the value stays as it was
    }
  };
  return html`<${TextArea} ...${rest} class="mono" spellcheck=${false} value=${text} onInput=${entered}
    error=${wrong ? t("common.not_json") : error} />`;
}

/** Raises SyntaxError. */
function read(text, mayBeText) {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (mayBeText && !/^\s*[[{"]/.test(text)) return text.trim();
    throw error;
  }
}

function isPlain(value) {
  if (typeof value !== "string") return false;
  try {
    JSON.parse(value);
    return false; // it would be taken for a number, say
  } catch {
    return true;
  }
}

/** Follows $ref, takes null out of anyOf (`nullable` tells that it was there). Of several choices `mayBeText` tells that one is text. */
export function resolved(schema, root) {
  if (schema.$ref) {
    const { $ref, ...about } = schema;
    const target = $ref.split("/").slice(1).reduce((place, name) => place?.[name], root) ?? {};
    return resolved({ ...target, ...about }, root);
  }
  if (schema.allOf?.length === 1) {
    const { allOf, ...about } = schema;
    return resolved({ ...allOf[0], ...about }, root);
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) {
    const { anyOf, oneOf, ...about } = schema;
    const some = choices.filter((choice) => choice.type !== "null");
    const nullable = some.length < choices.length;
    if (some.length === 1) return { ...resolved(some[0], root), ...about, nullable };
    if (some.every((choice) => choice.const !== undefined)) return { ...about, enum: some.map((choice) => choice.const), nullable };
    return { ...about, nullable, mayBeText: some.some((choice) => resolved(choice, root).type === "string") };
  }
  return schema;
}

const written = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));

function titled(name, schema) {
  if (schema.title && schema.title !== pydantic(name)) return schema.title;
  const words = name.replace(/([a-z])([A-Z])/g, "$1 $2").replaceAll("_", " ").toLowerCase();
  return (words.charAt(0).toUpperCase() + words.slice(1)).replace(/\b(api|url|id|tts|stt|llm)\b/gi, (short) => short.toUpperCase());
}

const pydantic = (name) => name.split("_").map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join(" ");
