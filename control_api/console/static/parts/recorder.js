// Records the microphone as a WAV file: what MediaRecorder makes (WebM, MP4) the server does not take.

const RATE = 48_000; // hertz
const WORKLET = "/console/parts/recorder_worklet.js";

export class Recorder {
  /** `onSound(seconds, level)`: how much there is so far, and how loud it is, 0 to 1. Rejects if there is no microphone. */
  static async start(onSound) {
    const asked = { channelCount: 1, noiseSuppression: false, autoGainControl: false, echoCancellation: false };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: asked });
    const context = new AudioContext({ sampleRate: RATE });
    try {
      await context.audioWorklet.addModule(WORKLET);
      return new Recorder(stream, context, onSound);
    } catch (error) {
      stream.getTracks().forEach((track) => track.stop());
      await context.close();
      throw error;
    }
  }

  constructor(stream, context, onSound) {
    this.stream = stream;
    this.context = context;
    this.pieces = []; // Int16Array each
    this.samples = 0;
    const node = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    node.port.onmessage = ({ data: { sound, level } }) => {
      this.pieces.push(sound);
      this.samples += sound.length;
      onSound(this.samples / context.sampleRate, level);
    };
    this.node = node;
    context.createMediaStreamSource(stream).connect(node);
  }

  /** What was recorded, as a File. */
  async stop() {
    const { sampleRate } = this.context;
    await this.cancel();
    return new File([header(this.samples, sampleRate), ...this.pieces], "recording.wav", { type: "audio/wav" });
  }

  /** Lets go of the microphone. */
  async cancel() {
    this.node.port.onmessage = null;
    this.stream.getTracks().forEach((track) => track.stop());
    if (this.context.state !== "closed") await this.context.close();
  }
}

/** Of a WAV file of one channel with 16 bits a sample. */
function header(samples, rate) {
  const view = new DataView(new ArrayBuffer(44));
  const text = (at, letters) => [...letters].forEach((letter, place) => view.setUint8(at + place, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + samples * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples * 2, true);
  return view;
}
