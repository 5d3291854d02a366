import { get } from "../../core/api.js";
import { duration, ms, time } from "../../core/format.js";
import { href } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { follow, nothing } from "../../core/story.js";
import { may } from "../../core/session.js";
import { t, word } from "../../core/strings.js";
import { html, useEffect, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { CallStatus, callKind, callTitle } from "../../parts/call_words.js";
import { Card, Stat } from "../../parts/card.js";
import { Notice } from "../../parts/notice.js";
import { useNow } from "../../parts/now.js";
import { Page } from "../../parts/page.js";
import { Loaded, Problem } from "../../parts/states.js";
import { Actions } from "./live_actions.js";
import { Listen } from "./live_listen.js";
import { Words } from "./live_words.js";

const EVERY = 5000; // milliseconds: the story tells the rest at once
const ANSWERED = ["in_progress", "transferring"];

export default function LiveCall({ params }) {
  const call = useResource((o) => get(`/calls/${params.id}`, {}, o), [params.id], { every: EVERY });
  const [story, setStory] = useState(nothing);
  const [isHere, setHere] = useState(true);
  const [refused, setRefused] = useState("");

  useEffect(() => {
    const abort = new AbortController();
    setStory(nothing);
    follow(params.id, { signal: abort.signal, onChange: setStory, onLine: setHere, onRefused: setRefused });
    return () => abort.abort();
  }, [params.id]);
  useEffect(() => {
    if (story.end) call.reload();
  }, [story.end !== null]);

  const isOver = story.end !== null || Boolean(call.data?.ended_at);
  const who = call.data ? callTitle(call.data) : "…";
  return html`
    <${Page} title=${call.data?.call_type === "browser" ? who : t("live.call.title", { who })} crumbs=${[{ title: t("live.title"), href: href("/live") }]}
      actions=${!isOver && may("voice:calls:listen") && ANSWERED.includes(call.data?.status) && html`<${Listen} call=${params.id} />`}>
      <${Loaded} resource=${call}>${(data) => html`
        ${isOver && html`
          <${Notice} tone="accent">
            <p role="status">${story.end ? t("live.call.ended", { outcome: word("live.outcomes", story.end.outcome) }) : t("live.call.gone")}</p>
            <${Button} small kind="primary" href=${href(`/calls/${params.id}`)}>${t("live.call.record")}<//>
          <//>`}
        ${!isHere && !isOver && !refused && html`<${Notice} tone="warn"><p role="status">${t("live.call.lost")}</p><//>`}
        ${!isOver && refused && html`<${Problem} error=${{ detail: refused }} />`}
        <${Facts} call=${data} story=${story} isOver=${isOver} />
        <div class="halves">
          <${Words} story=${story} />
          ${!isOver && may("voice:calls:write") && html`<${Actions} call=${params.id} isMuted=${story.isMuted} isEnding=${story.isEnding}
            isAnswered=${ANSWERED.includes(data.status) || story.startedAt !== null} />`}
        </div>
      `}<//>
    <//>`;
}

function Facts({ call, story, isOver }) {
  const now = useNow();
  const from = call.answered_at ?? call.started_at;
  const seconds = isOver ? call.duration ?? story.end?.duration_seconds : (now - new Date(from)) / 1000;
  const latest = story.latencies.at(-1);
  const middle = story.latencies.map((one) => one.on_line * 1000).sort((a, b) => a - b)[(story.latencies.length - 1) >> 1];
  return html`
    <${Card}>
      <div class="stats">
        <${Stat} label=${t("live.status")} value=${html`<${CallStatus} status=${isOver ? "ended" : call.status} />`} />
        <${Stat} label=${t("live.kind")} value=${html`<span class="stat-word">${callKind(call)}</span>`} />
        <${Stat} label=${t("live.since")} value=${html`<span class="stat-word">${time(from)}</span>`} />
        <${Stat} label=${t("live.length")} value=${html`<span class="stat-word">${duration(seconds)}</span>`} />
        <${Stat} label=${t("live.call.latest")} value=${html`<span class="stat-word">${ms(latest && latest.on_line * 1000)}</span>`} />
        <${Stat} label=${t("live.call.median")} value=${html`<span class="stat-word">${ms(middle)}</span>`} />
      </div>
    <//>`;
}
