// Sentences with which a voice can be trained.

import { del, get, upload } from "../../core/api.js";
import { duration, number } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { attempted } from "../../parts/attempted.js";
import { Badge } from "../../parts/badge.js";
import { Button } from "../../parts/button.js";
import { Card, Stat } from "../../parts/card.js";
import { confirm } from "../../parts/dialog.js";
import { TextArea } from "../../parts/fields.js";
import { useSubmit } from "../../parts/form.js";
import { SoundField } from "../../parts/sound_field.js";
import { Loaded, Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";

const ENOUGH = 60; // seconds
const SECONDS = [5, 30]; // of one sentence
const TONES = { ready: "good", collecting: "accent" };

export function VoiceDataset({ path, name }) {
  const dataset = useResource((options) => get(`${path}/dataset`, {}, options), [path]);
  const size = dataset.data?.sample_count;
  const clear = async () => {
    const asked = { title: t("voices.clear_title", { name }), text: t("voices.clear_text", { n: size }), action: t("voices.clear_dataset") };
    if (!(await confirm(asked))) return;
    if (!(await attempted(() => del(`${path}/dataset`)))) return;
    toast(t("voices.cleared"));
    dataset.reload();
  };
  const actions = size > 0 && html`<${Button} scope="voice:models:write" small kind="danger" onClick=${clear}>${t("voices.clear_dataset")}<//>`;
  return html`<${Card} title=${t("voices.dataset")} actions=${actions}>
    <div class="stack">
      <p class="soft">${t("voices.dataset_lead")}</p>
      <${Loaded} resource=${dataset} lines=${2}>${(shown) => html`<${Size} dataset=${shown} />`}<//>
      <${SampleForm} path=${path} onAdded=${dataset.reload} />
    </div>
  <//>`;
}

function Size({ dataset: { sample_count: count, total_duration_seconds: seconds, status } }) {
  const progress = t("voices.progress", { n: Math.min(seconds, ENOUGH) });
  return html`
    <div class="stats">
      <${Stat} label=${t("voices.samples")} value=${number(count)} />
      <${Stat} label=${t("voices.seconds")} value=${duration(seconds)} />
      <${Stat} label=${t("voices.state")} value=${html`<${Badge} tone=${TONES[status] ?? "neutral"}>${t(`voices.status.${status}`)}<//>`} />
    </div>
    <progress class="progress" max=${ENOUGH} value=${Math.min(seconds, ENOUGH)} aria-label=${progress}>${progress}</progress>`;
}

function SampleForm({ path, onAdded }) {
  const [transcript, setTranscript] = useState("");
  const [sound, setSound] = useState(null);
  const [round, setRound] = useState(0); // a new one empties the file field
  const [isMissing, setMissing] = useState(false);
  const { submit, busy, errors, trouble } = useSubmit(["transcript", "audio"]);
  const submitted = async (event) => {
    event.preventDefault();
    setMissing(!sound);
    if (!sound) return;
    const form = new FormData();
    form.append("transcript", transcript);
    form.append("audio", sound, sound.name);
    await submit(async () => {
      const added = await upload(`${path}/dataset/sample`, form);
      toast(t("voices.added", { n: number(added.duration_seconds) }));
      setTranscript("");
      setSound(null);
      setRound(round + 1);
      onAdded();
    });
  };
  const missing = isMissing && !sound ? t("voices.sound_required", { field: t("voices.sample_audio") }) : undefined;
  return html`<form class="form" onSubmit=${submitted}>
    <h3>${t("voices.add_sample")}</h3>
    <${Problem} error=${trouble} />
    <${TextArea} label=${t("voices.transcript")} hint=${t("voices.transcript_hint")} required rows="2" maxlength="5000" value=${transcript}
      error=${errors.transcript} onInput=${setTranscript} />
    <${SoundField} key=${round} label=${t("voices.sample_audio")} hint=${t("voices.sample_hint")} seconds=${SECONDS} value=${sound}
      onInput=${setSound} error=${errors.audio ?? missing} />
    <div class="row"><${Button} scope="voice:models:write" kind="primary" type="submit" busy=${busy}>${t("voices.add_sample")}<//></div>
  </form>`;
}
