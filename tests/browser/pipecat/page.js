// Pipecat's own client in a page: what it hears of a call is kept in `window.heard`, for the test to read.
import { PipecatClient } from "@pipecat-ai/client-js";
import { SmallWebRTCTransport } from "@pipecat-ai/small-webrtc-transport";

// Devices by the browser itself: the client's own manager fetches a script from its maker's servers.
class Microphone {
  supportsScreenShare = false;
  isCamEnabled = false;
  isSharingScreen = false;
  isMicEnabled = true;
  #local = {};

  setUserAudioCallback() {}
  setClientOptions() {}

  async initialize() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    this.#local = { audio: stream.getAudioTracks()[0] };
  }

  async connect() {
    if (!this.#local.audio) await this.initialize();
  }

  async disconnect() {
    this.#local.audio?.stop();
    this.#local = {};
  }

  tracks() {
    return { local: this.#local };
  }

  enableMic(on) {
    this.isMicEnabled = on;
    if (this.#local.audio) this.#local.audio.enabled = on;
  }
}

const heard = [];
const note = (kind) => (data) => heard.push({ kind, data });
window.heard = heard;

const client = new PipecatClient({
  transport: new SmallWebRTCTransport({ mediaManager: new Microphone() }),
  enableMic: true,
  enableCam: false,
  callbacks: {
    onBotReady: note("bot-ready"),
    onUserTranscript: note("user-transcript"),
    onUserStartedSpeaking: note("user-started-speaking"),
    onBotOutput: note("bot-output"),
    onBotStartedSpeaking: note("bot-started-speaking"),
    onBotStoppedSpeaking: note("bot-stopped-speaking"),
    onMetrics: note("metrics"),
    onServerMessage: note("server-message"),
    onMessageError: note("message-error"),
    onError: note("error"),
    onBotDisconnected: () => note("bot-disconnected")(null),
    onDisconnected: () => note("disconnected")(null),
    onTrackStarted: (track) => note("track-started")(track.kind),
  },
});
window.client = client;

window.begin = (base, key, flow, sessions) => {
  const headers = new Headers({ Authorization: `Bearer ${key}` });
  if (sessions) return client.startBotAndConnect({ endpoint: `${base}/start`, headers, requestData: { body: { flow_id: flow } } });
  const webrtcRequestParams = { endpoint: `${base}/api/offer`, headers, requestData: { flow_id: flow } };
  return client.connect({ webrtcRequestParams });
};
