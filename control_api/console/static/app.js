// The console: what stands around every page.

import { key } from "./core/session.js";
import { listen } from "./core/shortcuts.js";
import { html, render } from "./core/ui.js";
import { Confirmation } from "./parts/dialog.js";
import { Shell } from "./parts/shell.js";
import { Toasts } from "./parts/toast.js";
import SignIn from "./pages/signin.js";

function App() {
  return html`
    ${key.value ? html`<${Shell} />` : html`<${SignIn} />`}
    <${Confirmation} />
    <${Toasts} />`;
}

listen();
render(html`<${App} />`, document.getElementById("app"));
