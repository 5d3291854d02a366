// Speech that is to be uploaded: a file, or what is said into the microphone here.

import { bytes, duration } from "../core/format.js";
import { t } from "../core/strings.js";
import { html, useEffect, useId, useRef, useState } from "../core/ui.js";
import { Button } from "./button.js";
import { Recorder } from "./recorder.js";

/** `value`: a File or null. `seconds`: [least, most]; a recording ends by itself at the most. `prompt`: what to say. */
export function SoundField({ label, hint, error, prompt, seconds, value, onInput }) {
  const id = useId();
  const recorder = useRef(null);
  const isGone = useRef(false);
  const [{ elapsed, level, trouble }, setState] = useState({});
  const [url, setUrl] = useState("");
  const [least, most] = seconds;
  const isRecording = elapsed !== undefined;

  useEffect(() => {
    if (!value) return undefined;
    const made = URL.createObjectURL(value);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [value]);
  useEffect(() => () => {
    isGone.current = true;
    recorder.current?.cancel();
  }, []);

  const stop = async () => {
    const file = await recorder.current.stop();
    recorder.current = null;
    setState({});
    onInput(file);
  };
  const record = async () => {
    onInput(null);
    try {
      const started = await Recorder.start((now, loudness) => {
        setState({ elapsed: now, level: loudness });
        if (now >= most && recorder.current) stop();
      });
      if (isGone.current) return await started.cancel(); // the form was closed while the browser asked for leave
      recorder.current = started;
      setState({ elapsed: 0, level: 0 });
    } catch (refused) {
      setState({ trouble: isSecureContext ? t("voices.no_microphone", { reason: refused.message }) : t("voices.no_secure") });
    }
  };
  const wrong = trouble ?? error;
  return html`<div class=${wrong ? "field wrong" : "field"}>
    <label for=${id}>${label}<span class="star" aria-hidden="true"> *</span></label>
    <div class="row">
      <input type="file" id=${id} accept=".wav,.mp3,audio/wav,audio/mpeg" disabled=${isRecording}
        aria-describedby=${`${id}-said`} aria-invalid=${wrong ? "true" : undefined} onChange=${(event) => onInput(event.target.files[0] ?? null)} />
      <span class="soft">${t("voices.or")}</span>
      ${isRecording
        ? html`<${Button} kind="primary" disabled=${elapsed < least} onClick=${stop}>■ ${t("voices.stop")}<//>`
        : html`<${Button} onClick=${record}>● ${t(value ? "voices.again" : "voices.record")}<//>`}
    </div>
    ${isRecording && html`<${Progress} elapsed=${elapsed} level=${level} least=${least} most=${most} prompt=${prompt} />`}
    ${value && url && html`<div class="row">
      <audio class="sound" controls src=${url} aria-label=${label}></audio>
      <span class="soft small">${t("voices.chosen", { name: value.name, size: bytes(value.size) })}</span>
    </div>`}
    <p class=${wrong ? "error" : "hint"} id=${`${id}-said`}>${wrong ?? hint}</p>
  </div>`;
}

function Progress({ elapsed, level, least, most, prompt }) {
  return html`<div class="recording">
    ${prompt && html`<p>${prompt}</p>`}
    <p role="status">${t("voices.recording", { time: `${duration(Math.floor(elapsed))} / ${duration(most)}` })}
      ${elapsed < least && html` <span class="soft">${t("voices.too_short", { n: least })}</span>`}</p>
    <meter min="0" max="1" value=${level} aria-label=${t("voices.level")}></meter>
  </div>`;
}
