// Runs in the audio thread: hands sound on as 16-bit samples, a tenth of a second at a time.

class Recording extends AudioWorkletProcessor {
  constructor() {
    super();
    this.begin();
  }

  begin() {
    this.sound = new Int16Array(Math.round(sampleRate / 10));
    this.filled = 0;
    this.peak = 0;
  }

  process([[channel]]) {
    for (const sample of channel ?? []) {
      const inside = Math.max(-1, Math.min(1, sample));
      this.peak = Math.max(this.peak, Math.abs(inside));
      this.sound[this.filled++] = inside * 32767;
      if (this.filled === this.sound.length) {
        this.port.postMessage({ sound: this.sound, level: this.peak }, [this.sound.buffer]);
        this.begin();
      }
    }
    return true;
  }
}

registerProcessor("recorder", Recording);
