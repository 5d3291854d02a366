// Plays what it is sent: stereo samples that come in pieces, with a little kept back for pieces that come late.

const KEPT = 0.15; // seconds before the sound begins, and begins again after it ran dry
const MOST = 1; // seconds: what is older is left out, so that one hears what is said now

class Pieces extends AudioWorkletProcessor {
  constructor() {
    super();
    this.pieces = [];
    this.at = 0; // frames of the first piece that were played
    this.waiting = 0; // frames
    this.isPlaying = false;
    this.port.onmessage = ({ data }) => {
      this.pieces.push(data);
      this.waiting += data[0].length;
      while (this.waiting > MOST * sampleRate) this.drop();
      if (this.waiting >= KEPT * sampleRate) this.isPlaying = true;
    };
  }

  drop() {
    this.waiting -= this.pieces.shift()[0].length - this.at;
    this.at = 0;
  }

  process(_, [[left, right]]) {
    if (!this.isPlaying) return true;
    let filled = 0;
    while (filled < left.length && this.pieces.length) {
      const [ours, theirs] = this.pieces[0];
      const count = Math.min(left.length - filled, ours.length - this.at);
      left.set(ours.subarray(this.at, this.at + count), filled);
      (right ?? left).set(theirs.subarray(this.at, this.at + count), filled);
      filled += count;
      this.at += count;
      this.waiting -= count;
      if (this.at === ours.length) {
        this.pieces.shift();
        this.at = 0;
      }
    }
    if (filled < left.length) this.isPlaying = false;
    return true;
  }
}

registerProcessor("pieces", Pieces);
