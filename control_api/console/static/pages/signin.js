import { refusal, signIn } from "../core/session.js";
import { t } from "../core/strings.js";
import { html, useEffect, useState } from "../core/ui.js";
import { Button } from "../parts/button.js";
import { TextField } from "../parts/fields.js";

export default function SignIn() {
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  useEffect(() => {
    document.title = t("common.sign_in.title");
  }, []);

  const submit = async (event) => {
    event.preventDefault();
    if (!key.trim()) return setError(t("common.sign_in.empty"));
    setBusy(true);
    try {
      await signIn(key);
    } catch (refused) {
      setError(refused.status === 401 ? t("common.sign_in.wrong") : refused.detail);
      setBusy(false);
    }
  };
  return html`
    <main class="sign-in">
      <form class="card" onSubmit=${submit} novalidate>
        <img src="/console/icon.svg" width="48" height="48" alt="" />
        <h1>${t("common.sign_in.title")}</h1>
        <p>${t("common.sign_in.what")}</p>
        ${refusal.value && html`<p class="problem" role="alert">${t("common.sign_in.ended", { detail: refusal.value })}</p>`}
        <${TextField} label=${t("common.sign_in.key")} hint=${t("common.sign_in.where")} error=${error} type="password"
          value=${key} onInput=${setKey} autocomplete="off" spellcheck=${false} autofocus />
        <${Button} kind="primary" type="submit" busy=${busy}>${t("common.sign_in.submit")}<//>
        <p class="hint">${t("common.sign_in.kept")}</p>
      </form>
    </main>`;
}
