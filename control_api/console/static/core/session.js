// Who is signed in.

import { ApiError, get } from "./api.js";
import { key, refusal } from "./key.js";
import { batch, computed, effect, signal } from "./ui.js";

export { key, refusal };

/** The organisation of the key, as GET /organisation tells it; null until it is known. */
export const organisation = signal(null);

/** What the key may do: "voice:calls:write" and the like. Empty until it is known. */
export const scopes = computed(() => new Set(organisation.value?.scopes ?? []));

/** Whether the key may do something: "voice:calls:write". Yes while that is not known: the server has the last word. */
export const may = (scope) => !organisation.value || scopes.value.has(scope);

/** What stopped us from learning it, if it was no refusal of the key: an ApiError, or null. */
export const trouble = signal(null);

/** Raises ApiError if the key is wrong; nobody is signed in then. */
export async function signIn(candidate) {
  const tried = candidate.trim();
  organisation.value = await get("/organisation", null, { headers: { Authorization: `Bearer ${tried}` } });
  batch(() => {
    key.value = tried;
    refusal.value = "";
    trouble.value = null;
  });
}

export function signOut() {
  key.value = "";
  refusal.value = "";
}

/** Asks anew: after the organisation was changed, and for a tab that was reloaded. */
export async function refreshed() {
  try {
    organisation.value = await get("/organisation");
    trouble.value = null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 401) trouble.value = error;
  }
}

effect(() => {
  if (!key.value) organisation.value = null;
  else if (!organisation.peek()) refreshed();
});
