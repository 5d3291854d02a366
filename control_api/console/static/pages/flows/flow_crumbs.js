import { href } from "../../core/router.js";
import { t } from "../../core/strings.js";

/** The way back from a flow, or from a page about it where `isBelow`. */
export function crumbs(flow, isBelow = false) {
  const list = { title: t("flows.title"), href: href("/flows") };
  return flow && isBelow ? [list, { title: flow.name, href: href(`/flows/${flow.uuid}`) }] : [list];
}
