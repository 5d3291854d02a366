// The outline of a recording: the customer above the line, the agent below. A slider that one hears.

import { html, useEffect, useRef } from "../core/ui.js";
import { duration as clock } from "../core/format.js";
import { theme } from "../core/theme.js";
import { t } from "../core/strings.js";

const HEIGHT = 120;
const BAR = 2; // pixels, and one between two
const STEPS = { ArrowLeft: -5, ArrowRight: 5, ArrowDown: -5, ArrowUp: 5, PageDown: -30, PageUp: 30 };

/** `wave`: {seconds, customer, agent}, 0 to 1 each. `moments`: [{kind, at, seconds}]. `at` is where it plays, in seconds. */
export function Waveform({ wave, moments = [], at, onSeek }) {
  const canvas = useRef(null);
  const drawn = useRef(null);
  const look = theme.value;
  drawn.current = () => canvas.current && draw(canvas.current, wave, moments, at); // a new size may be told when it is gone

  useEffect(() => drawn.current(), [wave, moments, at, look]);
  useEffect(() => {
    const resized = new ResizeObserver(() => drawn.current());
    resized.observe(canvas.current);
    return () => resized.disconnect();
  }, []);

  const seek = (seconds) => onSeek(Math.min(Math.max(seconds, 0), wave.seconds));
  const pointed = (event) => {
    if (event.type === "pointermove" && !event.buttons) return;
    if (event.type === "pointerdown") event.currentTarget.setPointerCapture(event.pointerId);
    const box = event.currentTarget.getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * wave.seconds);
  };
  const pressed = (event) => {
    const to = { Home: 0, End: wave.seconds }[event.key] ?? (event.key in STEPS ? at + STEPS[event.key] : null);
    if (to === null) return;
    event.preventDefault();
    seek(to);
  };
  return html`
    <canvas class="waveform" ref=${canvas} role="slider" tabindex="0" aria-label=${t("calls.waveform")}
      aria-valuemin="0" aria-valuemax=${Math.round(wave.seconds)} aria-valuenow=${Math.round(at)}
      aria-valuetext=${t("calls.at_of", { at: clock(at), all: clock(wave.seconds) })}
      onPointerDown=${pointed} onPointerMove=${pointed} onKeyDown=${pressed}></canvas>`;
}

function draw(canvas, wave, moments, at) {
  const width = canvas.clientWidth;
  const scale = devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = HEIGHT * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const ink = (name) => style.getPropertyValue(name).trim();
  const place = (seconds) => (seconds / wave.seconds) * width;
  const middle = HEIGHT / 2;

  pen.fillStyle = ink("--warn-soft");
  for (const moment of moments) {
    if (moment.kind === "dead_air") pen.fillRect(place(moment.at), 0, Math.max(place(moment.seconds), 2), HEIGHT);
  }
  const sides = [[wave.customer, ink("--chart-2"), -1], [wave.agent, ink("--chart-1"), 1]];
  for (const [levels, color, side] of sides) {
    pen.fillStyle = color;
    for (let x = 0; x < width; x += BAR + 1) {
      const level = loudest(levels, x / width, (x + BAR + 1) / width);
      pen.globalAlpha = x <= place(at) ? 1 : 0.45;
      const height = Math.max(Math.sqrt(level) * (middle - 6), 0.5); // quiet speech is seen too
      pen.fillRect(x, side < 0 ? middle - height - 0.5 : middle + 0.5, BAR, height);
    }
  }
  pen.globalAlpha = 1;
  for (const moment of moments) {
    if (moment.kind === "dead_air") continue;
    pen.fillStyle = ink(moment.kind === "interruption" ? "--bad" : "--warn");
    const x = place(moment.at);
    pen.fillRect(x, 0, 1.5, HEIGHT);
    pen.beginPath();
    pen.moveTo(x - 4, 0);
    pen.lineTo(x + 5.5, 0);
    pen.lineTo(x + 0.75, 7);
    pen.fill();
  }
  pen.fillStyle = ink("--ink");
  pen.fillRect(Math.min(place(at), width - 2), 0, 2, HEIGHT);
}

function loudest(levels, from, to) {
  let found = 0;
  const end = Math.max(Math.floor(from * levels.length) + 1, Math.ceil(to * levels.length));
  for (let at = Math.floor(from * levels.length); at < end && at < levels.length; at++) found = Math.max(found, levels[at]);
  return found;
}
