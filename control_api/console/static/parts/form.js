// A form that is sent to the server, and says at its fields what the server did not like.

import { ApiError } from "../core/api.js";
import { t } from "../core/strings.js";
import { html, useEffect, useRef, useState } from "../core/ui.js";
import { Button } from "./button.js";
import { fieldErrors } from "./field_errors.js";
import { Problem } from "./states.js";

/**
 * `names` are the fields that can say what is wrong with them. `submit(work)` awaits `work`, answers whether it was done, and
 * keeps its error: as `errors` (by the field's path), or as `trouble` if it is about no field. A 409 is about `conflict`.
 */
export function useSubmit(names, conflict) {
  const [{ busy, error }, setState] = useState({ busy: false, error: null });
  const submit = async (work) => {
    setState({ busy: true, error: null });
    try {
      await work();
      setState({ busy: false, error: null });
      return true;
    } catch (failed) {
      setState({ busy: false, error: failed });
      if (!(failed instanceof ApiError)) throw failed;
      return false;
    }
  };
  const errors = fieldErrors(error, names, conflict);
  return { busy, error, errors, trouble: error && !Object.keys(errors).length ? error : null, submit };
}

/** What is wrong with a field, found before anything is sent. */
export function wrong(field, sentence) {
  return new ApiError(400, sentence, { [field]: sentence });
}

/** The object that JSON text stands for. Raises an ApiError of `field`. */
export function objectIn(text, field) {
  let value;
  try {
    value = JSON.parse(text.trim() || "{}");
  } catch (error) {
    throw wrong(field, t("settings.not_json", { reason: error.message }));
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw wrong(field, t("settings.not_object"));
  return value;
}

/** `state` is of useSubmit. `action` is the word on its button, `scope` what a key must be allowed for that to be there; `foot` stands before it. */
export function Form({ state, onSubmit, action, scope, onCancel, foot, children }) {
  const own = useRef(null);
  useEffect(() => {
    if (state.error) own.current?.querySelector("[aria-invalid=true]")?.focus();
  }, [state.error]);
  const sent = (event) => {
    event.preventDefault();
    onSubmit();
  };
  return html`
    <form ref=${own} class="form" novalidate onSubmit=${sent}>
      ${children}
      <${Problem} error=${state.trouble} />
      <footer class="dialog-foot">
        ${foot}
        ${onCancel && html`<${Button} onClick=${onCancel}>${t("common.cancel")}<//>`}
        <${Button} type="submit" kind="primary" scope=${scope} busy=${state.busy}>${action}<//>
      </footer>
    </form>`;
}
