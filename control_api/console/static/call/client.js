// A call from this page to a flow: microphone and loudspeaker here, the agent there.

import { ApiError } from "../core/api.js";
import { batch, signal } from "../core/ui.js";
import { level } from "./level.js";
import { CallError, microphone } from "./microphone.js";
import { openPcm } from "./pcm_line.js";
import { story } from "./story.js";
import { NoWayError, openWebRtc } from "./webrtc_line.js";

const [LOWEST_RATE, HIGHEST_RATE] = [8000, 48000]; // that the server takes
const METER_MS = 80;
const GOODBYE_MS = 2500; // in which the server tells the end of a call that we hang up

/**
 * Begins at once; all of it is told by signals. `transport`: "webrtc", "pcm", or "auto": WebRTC, and the socket where
 * WebRTC finds no way in 5 s. `device`: a microphone's id, "" for the usual one.
 *
 * state: "microphone", "connecting", "live", "ending", "ended". problem: an Error once it could not be or broke off, else null.
 * end: {outcome, reason, duration_seconds} of the server. items, partials, isHeld: see story.js.
 */
export function startCall({ flow, variables = {}, transport = "auto", device = "" }) {
  const { items, partials, isHeld, told } = story();
  const call = {
    state: signal("microphone"), problem: signal(null), end: signal(null), id: signal(""), transport: signal(""),
    since: signal(null), isMuted: signal(false), levelIn: signal(0), levelOut: signal(0), items, partials, isHeld,
  };
  let stream = null;
  let context = null;
  let line = null;
  let meter = 0;
  let goodbye = 0;

  const ended = (problem = null) => {
    if (call.state.value === "ended") return;
    clearInterval(meter);
    clearTimeout(goodbye);
    removeEventListener("pagehide", hangUp);
    line?.close();
    stream?.getTracks().forEach((track) => track.stop());
    context?.close();
    batch(() => {
      call.state.value = "ended";
      call.problem.value = problem;
      call.levelIn.value = call.levelOut.value = 0;
      call.partials.value = {};
    });
  };

  const onMessage = (message) => {
    if (message.type === "start") call.id.value = message.call_uuid;
    told(message);
    if (message.type === "error" && message.fatal) return ended(new CallError("refused_call", message.error));
    if (message.type !== "end") return;
    call.end.value = message;
    ended();
  };

  const hangUp = () => {
    if (!line) return ended();
    line.send({ type: "end" });
    if (call.state.value === "live") call.state.value = "ending";
    goodbye ||= setTimeout(() => ended(), GOODBYE_MS);
  };

  const opened = async () => {
    const about = { flow, variables, stream, context, onMessage, onDown: ended };
    if (transport === "pcm") return openPcm(about);
    try {
      return await openWebRtc(about);
    } catch (error) {
      if (transport === "auto" && error instanceof NoWayError && call.state.value !== "ended") return openPcm(about);
      throw error;
    }
  };

  const begin = async () => {
    context = suitable(); // here, while the click that began it still counts
    stream = await microphone(device);
    if (call.state.value === "ended") return stream.getTracks().forEach((track) => track.stop());
    await context.resume();
    call.state.value = "connecting";
    const found = await opened();
    if (call.state.value === "ended") return found.close();
    line = found;
    const spoken = level(context.createMediaStreamSource(stream));
    meter = setInterval(() => batch(() => {
      call.levelIn.value = spoken();
      call.levelOut.value = line.heard();
    }), METER_MS);
    addEventListener("pagehide", hangUp);
    stream.getAudioTracks()[0].onended = () => ended(new CallError("unplugged"));
    batch(() => {
      call.transport.value = line.kind;
      call.since.value = Date.now();
      call.state.value = "live";
    });
  };

  begin().catch((error) => {
    if (call.state.value === "ended") return;
    ended(error);
    if (!(error instanceof CallError || error instanceof ApiError)) throw error;
  });

  return {
    ...call,
    hangUp,
    /** Keys of a telephone: 0-9, *, #. */
    press: (digits) => line?.send({ type: "dtmf", digits }),
    mute(isMuted = !call.isMuted.value) {
      stream?.getAudioTracks().forEach((track) => (track.enabled = !isMuted));
      call.isMuted.value = isMuted;
    },
  };
}

/** At its own rate, or at one that the server takes. */
function suitable() {
  const context = new AudioContext({ latencyHint: "interactive" });
  if (context.sampleRate >= LOWEST_RATE && context.sampleRate <= HIGHEST_RATE) return context;
  context.close();
  return new AudioContext({ latencyHint: "interactive", sampleRate: HIGHEST_RATE });
}
