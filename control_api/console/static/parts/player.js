// What plays a recording, where it is, and the buttons for it. The sound comes by a signed link, in ranges.

import { html, useEffect, useRef, useState } from "../core/ui.js";
import { duration as clock } from "../core/format.js";
import { t } from "../core/strings.js";
import { Button } from "./button.js";

const SPEEDS = [1, 1.25, 1.5, 2];

/** The state of one player: `{at, playing, seek(seconds), toggle(), sound}`; `sound` is what <audio> is given. */
export function usePlayer() {
  const audio = useRef(null);
  const [at, setAt] = useState(0);
  const [playing, setPlaying] = useState(false);

  useEffect(() => {
    if (!playing) return undefined;
    let frame = 0;
    const follow = () => {
      if (audio.current) setAt(audio.current.currentTime);
      frame = requestAnimationFrame(follow);
    };
    follow();
    return () => cancelAnimationFrame(frame);
  }, [playing]);

  const seek = (seconds) => {
    setAt(seconds);
    if (audio.current) audio.current.currentTime = seconds;
  };
  const toggle = () => {
    if (!audio.current) return;
    if (audio.current.paused) audio.current.play().catch(() => setPlaying(false)); // its own error event says why
    else audio.current.pause();
  };
  const sound = {
    ref: audio,
    preload: "metadata",
    onPlay: () => setPlaying(true),
    onPause: () => setPlaying(false),
    onSeeked: () => setAt(audio.current.currentTime),
    onLoadedMetadata: () => {
      if (at) audio.current.currentTime = at; // where it was pointed to before it was there
    },
  };
  return { at, playing, seek, toggle, sound, audio };
}

/** `player` of usePlayer(); `seconds` of the recording. `children` stand beside the buttons. */
export function PlayerBar({ player, seconds, children }) {
  const [speed, setSpeed] = useState(1);
  const faster = () => {
    const next = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
    setSpeed(next);
    if (player.audio.current) player.audio.current.playbackRate = next;
  };
  return html`
    <div class="player-bar">
      <${Button} kind="primary" onClick=${player.toggle}>${player.playing ? t("calls.pause") : t("calls.play")}<//>
      <${Button} small aria-label=${t("calls.back_5")} onClick=${() => player.seek(Math.max(player.at - 5, 0))}>−5 s<//>
      <${Button} small aria-label=${t("calls.on_5")} onClick=${() => player.seek(Math.min(player.at + 5, seconds))}>+5 s<//>
      <${Button} small aria-label=${t("calls.speed", { speed })} onClick=${faster}>${speed}×<//>
      <span class="player-time">${clock(player.at)} / ${clock(seconds)}</span>
      ${children}
    </div>`;
}
