// How this browser shows the console.

import { t } from "../../core/strings.js";
import { picked } from "../../core/theme.js";
import { html } from "../../core/ui.js";
import { Card } from "../../parts/card.js";

const THEMES = { system: "", light: "light", dark: "dark" };

export function Look() {
  return html`
    <${Card}>
      <fieldset class="choices">
        <legend>${t("settings.theme")}</legend>
        ${Object.entries(THEMES).map(([name, value]) => html`
          <label key=${name}>
            <input type="radio" name="theme" checked=${picked.value === value} onChange=${() => (picked.value = value)} />
            ${t(`settings.themes.${name}`)}
          </label>`)}
        <p class="hint">${t("settings.theme_hint")}</p>
      </fieldset>
    <//>`;
}
