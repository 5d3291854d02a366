// The sidebar, and the page beside it.

import { route } from "../core/router.js";
import { may, organisation, signOut, trouble } from "../core/session.js";
import { PLACES, isHelpOpen } from "../core/shortcuts.js";
import { t } from "../core/strings.js";
import { theme, toggleTheme } from "../core/theme.js";
import { html, useEffect, useErrorBoundary, useRef, useState } from "../core/ui.js";
import { Dialog } from "./dialog.js";
import { Page } from "./page.js";
import { Empty, Loading, Problem } from "./states.js";

/** Name, address, and the scope that it takes to read there. */
const ROOMS = [
  ["overview", "/"], ["live", "/live", "voice:calls:read"], ["calls", "/calls", "voice:calls:read"],
  ["flows", "/flows", "voice:campaigns:read"], ["agents", "/agents", "voice:agents:read"], ["scripts", "/scripts", "voice:campaigns:read"],
  ["contacts", "/contacts", "voice:contacts:read"], ["queues", "/queues", "voice:calls:read"], ["numbers", "/numbers", "voice:campaigns:read"],
  ["integrations", "/integrations", "voice:integrations:read"], ["webhooks", "/webhooks", "voice:webhooks:read"], ["voices", "/voices", "voice:models:read"],
  ["latency", "/latency", "voice:calls:read"], ["keys", "/keys", "voice:keys:write"], ["settings", "/settings"],
];

export function Shell() {
  const [isOpen, setOpen] = useState(false); // the drawer of a phone
  const path = route.value.path;
  useEffect(() => setOpen(false), [path]);
  useEffect(() => {
    if (!isOpen) return undefined;
    const closed = (event) => event.key === "Escape" && setOpen(false);
    document.addEventListener("keydown", closed);
    return () => document.removeEventListener("keydown", closed);
  }, [isOpen]);
  return html`
    <div class="shell">
      <a class="skip" href="#main" onClick=${skip}>${t("common.skip")}</a>
      <header class="topbar">
        <button type="button" class="icon-button" aria-expanded=${isOpen ? "true" : "false"} aria-controls="rooms"
          aria-label=${t("common.menu")} onClick=${() => setOpen(!isOpen)}>☰</button>
        <a class="brand" href="#/">Vaani</a>
      </header>
      ${isOpen && html`<div class="veil" onClick=${() => setOpen(false)}></div>`}
      <div class=${isOpen ? "sidebar open" : "sidebar"} id="rooms">
        <a class="brand" href="#/"><img src="/console/icon.svg" width="24" height="24" alt="" />Vaani</a>
        <p class="organisation">${organisation.value?.name ?? "\u00a0"}</p>
        <nav aria-label=${t("common.rooms")}>
          ${ROOMS.filter(([, , scope]) => !scope || may(scope)).map(([name, at]) => html`
            <a key=${name} href="#${at}" aria-current=${isHere(at, path) ? "page" : undefined}>${t(`common.nav.${name}`)}</a>`)}
        </nav>
        <footer class="sidebar-foot" onClick=${() => setOpen(false)}>
          <button type="button" onClick=${toggleTheme}>${t(theme.value === "dark" ? "common.light" : "common.dark")}</button>
          <button type="button" onClick=${() => (isHelpOpen.value = true)}>${t("common.help")}</button>
          <button type="button" onClick=${signOut}>${t("common.sign_out")}</button>
        </footer>
      </div>
      <main id="main" tabindex="-1"><${Allowed} key=${path} path=${path} /></main>
      <${Help} />
    </div>`;
}

function skip(event) {
  event.preventDefault(); // the address is the router's
  document.getElementById("main").focus();
}

const isHere = (at, path) => (at === "/" ? path === "/" : path === at || path.startsWith(`${at}/`));

/** The page, once it is known what the key may do, and if it may. */
function Allowed({ path }) {
  if (!organisation.value && !trouble.value) return html`<${Loading} />`;
  const room = ROOMS.find(([, at]) => isHere(at, path));
  if (!room?.[2] || may(room[2])) return html`<${Current} />`;
  return html`
    <${Page} title=${t(`common.nav.${room[0]}`)}>
      <${Empty} title=${t("errors.forbidden_title")} text=${t("errors.forbidden", { scope: room[2] })} />
    <//>`;
}

let isFirst = true; // the first page leaves the focus where the browser put it

/** The page that the address names, fetched when it is first asked for. */
function Current() {
  const { load, params, query } = route.value;
  const [state, setState] = useState({});
  const [broken, mend] = useErrorBoundary((error) => console.error(error));
  const own = useRef(null);

  useEffect(() => {
    let gone = false;
    load().then((module) => gone || setState({ page: module.default }), (error) => gone || setState({ error }));
    return () => {
      gone = true;
    };
  }, []);
  useEffect(() => {
    if (!state.page) return;
    scrollTo(0, 0);
    if (!isFirst) own.current?.querySelector("h1")?.focus({ preventScroll: true });
    isFirst = false;
  }, [state.page]);

  if (state.error) return html`<${Problem} error=${{ detail: t("errors.page") }} retry=${() => location.reload()} />`;
  if (broken) return html`<${Problem} error=${{ detail: t("errors.broken") }} retry=${mend} />`;
  return html`<div ref=${own}>
    ${state.page ? html`<${state.page} params=${params} query=${query} />` : html`<${Loading} />`}
  </div>`;
}

function Help() {
  const rows = [["/", t("common.keys.search")], ["?", t("common.keys.help")], ["Esc", t("common.keys.close")]];
  for (const [key, at] of Object.entries(PLACES)) {
    const room = ROOMS.find(([, place]) => place === at);
    if (room[2] && !may(room[2])) continue;
    rows.push([`g ${key}`, t(`common.nav.${room[0]}`)]);
  }
  return html`
    <${Dialog} title=${t("common.help")} open=${isHelpOpen.value} onClose=${() => (isHelpOpen.value = false)}>
      <p>${t("common.help_text")} <a href="/docs" target="_blank" rel="noreferrer">${t("common.api_docs")}</a></p>
      <h3>${t("common.keys.title")}</h3>
      <dl class="keys">
        ${rows.map(([key, text]) => html`<div key=${key}><dt>${key.split(" ").map((one) => html`<kbd>${one}</kbd>`)}</dt><dd>${text}</dd></div>`)}
      </dl>
    <//>`;
}
