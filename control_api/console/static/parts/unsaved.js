// What was entered and not saved is not lost without a question.

import { guard } from "../core/router.js";
import { t } from "../core/strings.js";
import { useEffect, useRef } from "../core/ui.js";
import { confirm } from "./dialog.js";

/** Asks before this page is left while `isChanged`. Answers a function that lets it go, for what was saved or deleted. */
export function useUnsaved(isChanged) {
  const letGo = useRef(() => {});
  useEffect(() => {
    if (!isChanged) return undefined;
    const unload = (event) => event.preventDefault();
    const release = guard(() => confirm({ title: t("common.unsaved.title"), text: t("common.unsaved.text"), action: t("common.unsaved.action") }));
    addEventListener("beforeunload", unload);
    letGo.current = () => {
      release();
      removeEventListener("beforeunload", unload);
    };
    return () => letGo.current();
  }, [isChanged]);
  return () => letGo.current();
}
