import { hear } from "../../core/hearing.js";
import { t } from "../../core/strings.js";
import { html, useEffect, useRef, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { toast } from "../../parts/toast.js";

/** A button that lets one listen, and how loud each side is meanwhile. */
export function Listen({ call }) {
  const [levels, setLevels] = useState(null);
  const close = useRef(null);
  useEffect(() => () => close.current?.(), []);

  const start = () => {
    setLevels([0, 0]);
    close.current = hear(call, {
      onLevels: setLevels,
      onEnd: (reason) => {
        close.current = null;
        setLevels(null);
        if (reason) toast(t("live.listen.refused", { reason }), "bad");
      },
    });
  };
  return html`
    <div class="row">
      <${Button} aria-pressed=${levels ? "true" : "false"} onClick=${() => (levels ? close.current() : start())}>
        ${t(levels ? "live.listen.stop" : "live.listen.start")}
      <//>
      ${levels && html`
        <div class="listened" role="status" aria-label=${t("live.listen.on")}>
          ${["customer", "agent"].map((side, at) => html`
            <span key=${side} class="small soft">${t(`live.listen.${side}`)}</span>
            <meter key="${side}-meter" min="0" max="1" value=${levels[at]} aria-label=${t(`live.listen.${side}`)}></meter>`)}
        </div>`}
    </div>`;
}
