import { t } from "../core/strings.js";
import { html } from "../core/ui.js";
import { Page } from "../parts/page.js";
import { Empty } from "../parts/states.js";

export default function NotFound() {
  return html`
    <${Page} title=${t("common.not_found.title")}>
      <${Empty} text=${t("common.not_found.text")} action=${{ label: t("common.not_found.action"), href: "#/" }} />
    <//>`;
}
