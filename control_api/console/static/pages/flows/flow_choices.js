// Lists to choose from, whole: the server tells a hundred at a time.

import { get } from "../../core/api.js";

const PART = 100;

export const everyNumber = (options) => every("/phone-numbers", "phone_numbers", options);
export const everyList = (options) => every("/contact-lists", "contact_lists", options);

async function every(path, name, options) {
  const found = [];
  for (;;) {
    const part = await get(path, { limit: PART, offset: found.length }, options);
    found.push(...part[name]);
    if (!part[name].length || found.length >= part.total) return found;
  }
}
