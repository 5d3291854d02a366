// One call: what was heard and said in it, what was made of it, what was told of it.

import { get } from "../../core/api.js";
import { dateTime } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { t } from "../../core/strings.js";
import { html, useEffect, useRef } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { callTitle } from "../../parts/call_words.js";
import { Page } from "../../parts/page.js";
import { usePlayer } from "../../parts/player.js";
import { Loaded, Problem } from "../../parts/states.js";
import { CallAnalysis } from "./call_analysis.js";
import { CallFacts, useAbout } from "./call_facts.js";
import { CallSound } from "./call_sound.js";
import { CallTransfers, CallWebhooks } from "./call_told.js";
import { CallWords } from "./call_words.js";

const MOVING = 3_000; // milliseconds between two looks at what is not over

export default function Call({ params, query }) {
  const path = `/calls/${params.id}`;
  const call = useResource((options) => get(path, null, options), [params.id]);
  const isLive = call.data !== null && call.data.status !== "ended";
  const waits = isLive || call.data?.analysis?.status === "pending";
  useEffect(() => {
    if (!waits) return undefined;
    const timer = setInterval(() => document.hidden || call.reload(), MOVING);
    return () => clearInterval(timer);
  }, [waits, call.reload]);
  const about = useAbout(call.data);
  const title = call.data ? callTitle({ ...names(about), ...call.data }) : t("calls.one");
  const listen = isLive && html`<${Button} kind="primary" href=${href(`/live/${params.id}`)}>${t("calls.open_live")}<//>`;
  return html`
    <${Page} title=${title} lead=${call.data && dateTime(call.data.started_at)} actions=${listen}
      crumbs=${[{ title: t("calls.title"), href: href("/calls") }]}>
      <${Loaded} resource=${call} lines=${8}>${(found) => html`
        <${Opened} key=${found.uuid} call=${found} about=${about} picked=${query.turn} reload=${call.reload} />`}
      <//>
    <//>`;
}

/** For a server that does not tell them with the call. */
const names = ({ flow, agent, customer }) => ({ flow_name: flow?.name, agent_name: agent?.name, customer_name: customer?.name });

function Opened({ call, about, picked, reload }) {
  const path = `/calls/${call.uuid}`;
  const every = call.status === "ended" ? 0 : MOVING;
  const story = useResource((options) => get(`${path}/turns`, null, options), [call.uuid], { every });
  const player = usePlayer();
  const turns = story.data?.turns ?? [];
  const moments = story.data?.moments ?? [];
  const asked = picked === undefined ? null : turns.find(({ position }) => String(position) === picked);
  const pointed = useRef(null);
  useEffect(() => {
    if (!asked || pointed.current === asked.position) return;
    pointed.current = asked.position;
    player.seek(asked.at);
  }, [asked]);
  const isHeard = Boolean(call.recording_url);
  return html`
    <${CallFacts} call=${call} about=${about} />
    <div class="call-columns">
      <div class="stack">
        ${isHeard && html`<${CallSound} call=${call} player=${player} moments=${moments} />`}
        <${Problem} error=${story.error} retry=${story.reload} />
        ${story.data && html`<${CallWords} turns=${turns} moments=${moments} player=${isHeard ? player : null} picked=${asked?.position} />`}
      </div>
      <div class="stack">
        <${CallAnalysis} call=${call} reload=${reload} />
        <${CallTransfers} path=${path} />
        <${CallWebhooks} path=${path} />
      </div>
    </div>`;
}
