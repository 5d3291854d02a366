// Both sides of a live call, over /ws/listen, as sound: the customer left, the agent right.

import { socket } from "./api.js";

/**
 * Opens it, within a press of a button (a browser plays no sound otherwise). `onLevels([customer, agent])` is told how
 * loud each is, 0 to 1; `onEnd(reason)` once there is no more, "" if the call is over. Answers a function that closes it.
 */
export function hear(call, { onLevels, onEnd }) {
  const line = socket(`/ws/listen/${call}`);
  line.binaryType = "arraybuffer";
  let context = null;
  let node = null;
  let isOver = false;

  const begin = async (rate) => {
    context = new AudioContext({ sampleRate: rate });
    await context.audioWorklet.addModule("/console/core/pcm_worklet.js");
    if (isOver) return;
    node = new AudioWorkletNode(context, "pieces", { numberOfInputs: 0, outputChannelCount: [2] });
    node.connect(context.destination);
  };
  const close = (reason) => {
    if (isOver) return;
    isOver = true;
    line.close();
    context?.close();
    onEnd(reason);
  };
  line.onmessage = ({ data }) => {
    if (isOver) return;
    if (typeof data === "string") {
      const { type, sample_rate: rate } = JSON.parse(data);
      if (type === "start") begin(rate).catch((error) => close(error.message));
      return;
    }
    const both = apart(new Int16Array(data));
    onLevels(both.map(loudness));
    node?.port.postMessage(both, both.map((side) => side.buffer));
  };
  line.onclose = ({ code, reason }) => close(code === 1000 ? "" : reason || String(code));
  return () => close("");
}

function apart(samples) {
  const length = samples.length >> 1;
  const both = [new Float32Array(length), new Float32Array(length)];
  for (let at = 0; at < length; at++) {
    both[0][at] = samples[2 * at] / 32768;
    both[1][at] = samples[2 * at + 1] / 32768;
  }
  return both;
}

/** Of -60 dB to full scale. */
function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / Math.max(samples.length, 1) + 1e-12);
  return Math.min(1, Math.max(0, (decibels + 60) / 60));
}
