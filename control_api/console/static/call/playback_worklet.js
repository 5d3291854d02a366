// PCM16 as it comes → the loudspeaker. Runs on the audio thread. A message of null drops what was not played yet.

const SECONDS = 10; // more than the server ever sends ahead
const CUSHION = 0.06; // seconds that are gathered before a silence ends, to ride out what comes late

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ring = new Float32Array(sampleRate * SECONDS);
    this.read = 0;
    this.waiting = 0;
    this.isPlaying = false;
    this.cameAt = 0;
    this.port.onmessage = ({ data }) => (data ? this.add(new Int16Array(data)) : this.flush());
  }

  add(pcm) {
    const { ring } = this;
    const room = Math.min(pcm.length, ring.length - this.waiting);
    const start = this.read + this.waiting;
    for (let at = 0; at < room; at++) ring[(start + at) % ring.length] = pcm[at] / 32768;
    this.waiting += room;
    this.cameAt = currentTime;
  }

  flush() {
    this.waiting = 0;
    this.isPlaying = false;
  }

  process(inputs, [output]) {
    const sound = output[0];
    // A last word shorter than the cushion is not held back for ever.
    const isEnough = this.waiting >= CUSHION * sampleRate || currentTime - this.cameAt >= CUSHION;
    if (!this.isPlaying) this.isPlaying = this.waiting > 0 && isEnough;
    if (!this.isPlaying) return true;
    const count = Math.min(sound.length, this.waiting);
    for (let at = 0; at < count; at++) sound[at] = this.ring[(this.read + at) % this.ring.length];
    this.read = (this.read + count) % this.ring.length;
    this.waiting -= count;
    if (this.waiting === 0) this.isPlaying = false;
    return true;
  }
}

registerProcessor("playback", Playback);
