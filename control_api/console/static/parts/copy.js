import { html, useState } from "../core/ui.js";
import { t } from "../core/strings.js";
import { Button } from "./button.js";
import { toast } from "./toast.js";

export function CopyButton({ text, label = t("common.copy") }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text); // a page without https has no clipboard
      setDone(true);
      setTimeout(() => setDone(false), 2000);
    } catch {
      toast(t("common.cannot_copy"), "bad");
    }
  };
  return html`<${Button} small onClick=${copy}>${done ? t("common.copied") : label}<//>`;
}

/** Code or JSON to read, with a button to copy it. Values that are no text are shown as JSON. */
export function Code({ value, copy = true, label }) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return html`
    <div class="code">
      <pre tabindex="0" role="region" aria-label=${label ?? t("common.code")}><code>${text}</code></pre>
      ${copy && html`<${CopyButton} text=${text} />`}
    </div>`;
}
