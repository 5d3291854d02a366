// A refusal is one sentence that begins with the field it is about: "config.tts.options.rate must be …".

const FIELD = /^([a-z][a-z0-9_]*(?:\.[\w+:-]+)*)\b/;

/** `{path: sentence}` of an ApiError whose sentence names one of `fields` or something below it; else `{}`. */
export function refusedFields(error, fields) {
  const path = error?.status === 400 || error?.status === 409 ? FIELD.exec(error.detail)?.[1] : undefined;
  const isOurs = path && fields.some((field) => path === field || path.startsWith(`${field}.`));
  return isOurs ? { [path]: error.detail } : {};
}

/** What is wrong with `field` or anything below it. */
export function errorAt(errors, field) {
  return Object.entries(errors).find(([path]) => path === field || path.startsWith(`${field}.`))?.[1];
}
