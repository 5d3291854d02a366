// Lines and bars over time or over named places. uPlot is fetched with the first chart.

import { html, useEffect, useRef } from "../core/ui.js";
import { dateTime, number } from "../core/format.js";
import { t } from "../core/strings.js";
import { theme } from "../core/theme.js";

const DAY = 86400; // seconds
const clock = new Intl.DateTimeFormat(navigator.language, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(navigator.language, { day: "numeric", month: "short" });

let library;

function uPlot() {
  library ??= new Promise((resolve, reject) => {
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/console/lib/uplot.css" });
    const script = Object.assign(document.createElement("script"), { src: "/console/lib/uplot.js" });
    script.onload = () => resolve(window.uPlot);
    script.onerror = () => {
      library = undefined;
      reject(new Error("uPlot could not be fetched"));
    };
    document.head.append(style, script);
  });
  return library;
}

/**
 * `x`: seconds since 1970, or `labels`: names of the places. `series`: [{label, values, color?: "--chart-2"}], null where
 * there is no value. `kind`: line or bars (beside one another). `format(value)` writes values. `label` says what it shows.
 */
export function Chart({ x, labels, series, kind = "line", height = 220, format = number, label }) {
  const place = useRef(null);
  const look = theme.value;
  const shape = JSON.stringify([x, labels, series, kind, height, look]);

  useEffect(() => {
    let plot = null;
    let gone = false;
    const resized = new ResizeObserver(([entry]) => plot?.setSize({ width: entry.contentRect.width, height }));
    uPlot().then((Plot) => {
      if (gone || !place.current) return; // what is gone may be told of it later
      const places = x ?? labels.map((_, at) => at);
      const options = drawn(Plot, { labels, series, kind, height, format, width: place.current.clientWidth });
      plot = new Plot(options, [places, ...series.map((one) => one.values)], place.current);
      resized.observe(place.current);
    });
    return () => {
      gone = true;
      resized.disconnect();
      plot?.destroy();
    };
  }, [shape]);

  return html`<div class="chart" role="img" aria-label=${`${label}. ${summary(series, format)}`} ref=${place}></div>`;
}

function summary(series, format) {
  return series.map((one) => {
    const values = one.values.filter((value) => value !== null && value !== undefined);
    return values.length ? `${one.label}: ${format(Math.min(...values))} – ${format(Math.max(...values))}` : one.label;
  }).join("; ");
}

function drawn(Plot, { labels, series, kind, height, width, format }) {
  const style = getComputedStyle(document.documentElement);
  const ink = (name) => style.getPropertyValue(name).trim();
  const axis = { stroke: ink("--ink-soft"), grid: { stroke: ink("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  const share = 0.7 / series.length;
  return {
    width,
    height,
    cursor: { points: { size: 6 }, drag: { setScale: false } },
    legend: { live: true },
    scales: {
      x: { time: !labels, range: labels ? (_, low, high) => [low - 0.5, high + 0.5] : undefined },
      y: { range: (_, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.08 : 1] },
    },
    axes: [
      labels
        ? { ...axis, splits: () => labels.map((_, at) => at), values: (_, at) => spread(labels, at, width) }
        : { ...axis, values: (_, ticks, at, space, step) => ticks.map((second) => (step < DAY ? clock : day).format(second * 1000)) },
      { ...axis, size: 64, values: (_, ticks) => ticks.map((value) => format(value)) },
    ],
    series: [
      { label: t("common.at"), value: (_, at) => (at === null ? "–" : labels ? labels[at] : dateTime(at * 1000)) },
      ...series.map((one, at) => {
        const color = ink(one.color ?? `--chart-${(at % 6) + 1}`);
        const look = { label: one.label, stroke: color, width: 2, spanGaps: true, value: (_, value) => format(value) };
        if (kind !== "bars") return { ...look, points: { show: one.values.filter((value) => value !== null).length < 12 } };
        const side = series.length === 1 ? 0 : at < series.length / 2 ? -1 : 1;
        return { ...look, fill: color, width: 0, points: { show: false }, paths: Plot.paths.bars({ size: [share, 40], align: side }) };
      }),
    ],
  };
}

// As many names as there is room for.
function spread(labels, splits, width) {
  const step = Math.ceil((labels.length * 72) / Math.max(width - 64, 72));
  return splits.map((at) => (at % step ? "" : labels[at]));
}
