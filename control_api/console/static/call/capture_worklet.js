// The microphone → PCM16 in pieces of 20 ms. Runs on the audio thread.

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.size = Math.round(sampleRate / 50);
    this.piece = new Int16Array(this.size);
    this.filled = 0;
  }

  process([input]) {
    const sound = input[0];
    if (!sound) return true; // no microphone at this moment
    for (const sample of sound) {
      this.piece[this.filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
      if (this.filled === this.size) {
        this.port.postMessage(this.piece.buffer, [this.piece.buffer]);
        this.piece = new Int16Array(this.size);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("capture", Capture);
