// A line by WebSocket: raw sound both ways, which goes wherever the console itself goes.

import { socket } from "../core/api.js";
import { CallError } from "./microphone.js";
import { level } from "./level.js";

const MOST_UNSENT = 262144; // bytes; a network that is so far behind is not helped by more

/** Settles once the call may begin. Raises CallError. `onDown(error)` is told once: null after a close of the call's own. */
export async function openPcm({ flow, variables, stream, context, onMessage, onDown }) {
  const { audioWorklet } = context;
  await Promise.all(["capture", "playback"].map((one) => audioWorklet.addModule(`/console/call/${one}_worklet.js`)));
  const ws = socket(`/ws/browser-test/${encodeURIComponent(flow)}`);
  ws.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => {
    ws.onopen = resolve;
    ws.onclose = () => reject(new CallError("unreachable"));
  });
  if (context.state === "closed") { // hung up meanwhile
    ws.close();
    throw new CallError("lost");
  }
  ws.send(JSON.stringify({ type: "start", sample_rate: context.sampleRate, variables, partials: true }));

  const capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  const playback = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount: [1] });
  const source = context.createMediaStreamSource(stream);
  source.connect(capture);
  playback.connect(context.destination);
  capture.port.onmessage = ({ data }) => {
    if (ws.readyState === WebSocket.OPEN && ws.bufferedAmount < MOST_UNSENT) ws.send(data);
  };
  ws.onmessage = ({ data }) => {
    if (typeof data !== "string") return playback.port.postMessage(data, [data]);
    const message = JSON.parse(data);
    if (message.type === "clear") playback.port.postMessage(null);
    else onMessage(message);
  };
  ws.onclose = ({ code, reason }) => {
    playback.port.postMessage(null);
    onDown(code === 1000 ? null : new CallError(code > 4000 ? "refused_call" : "lost", reason));
  };
  return {
    kind: "pcm",
    heard: level(playback),
    send: (message) => ws.readyState === WebSocket.OPEN && ws.send(JSON.stringify(message)),
    close() {
      source.disconnect();
      playback.disconnect();
      ws.close();
    },
  };
}
