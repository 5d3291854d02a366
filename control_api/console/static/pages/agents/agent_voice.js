// Which of the server's own voices speaks, and how it sounds.

import { blob } from "../../core/api.js";
import { t } from "../../core/strings.js";
import { html, useEffect, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { SelectField } from "../../parts/fields.js";
import { Problem } from "../../parts/states.js";

export function OwnVoice({ voice, language, samples, onSpeaker, error }) {
  const spoken = samples.filter((sample) => !language || sample.language_code === language);
  const speakers = [...new Set(spoken.map((sample) => sample.speaker))];
  if (voice.speaker && !speakers.includes(voice.speaker)) speakers.push(voice.speaker);
  const choices = speakers.map((speaker) => ({ value: speaker, label: named(speaker) }));
  const chosen = spoken.find((sample) => sample.speaker === (voice.speaker || "auto"));
  return html`
    <${SelectField}
      label=${t("agents.speaker")}
      value=${voice.speaker}
      blank=${t("agents.automatic")}
      options=${choices.filter(({ value }) => value !== "auto")}
      onInput=${onSpeaker}
      error=${error}
    />
    <${Listen} key=${chosen?.uuid} sample=${chosen} />
  `;
}

export function Listen({ sample }) {
  const [sound, setSound] = useState("");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => () => sound && URL.revokeObjectURL(sound), [sound]);
  if (!sample) return html`<p class="hint">${t("agents.no_sample")}</p>`;
  const fetched = async () => {
    setBusy(true);
    setError(null);
    try {
      setSound(URL.createObjectURL(await blob(`/samples/${sample.uuid}/audio`)));
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  return html`<div class="listen">
    ${error && html`<${Problem} error=${error} retry=${fetched} />`}
    ${sound
      ? html`<audio controls autoplay src=${sound} aria-label=${t("agents.listening")}></audio>`
      : html`<${Button} kind="plain" busy=${busy} onClick=${fetched}>▶ ${t("agents.listen")}<//>`}
  </div>`;
}

function named(speaker) {
  return speaker.charAt(0).toUpperCase() + speaker.slice(1).replace("+", " · ");
}
