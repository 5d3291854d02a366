// How loud a sound is at this moment.

const FLOOR = -60; // dBFS that is shown as silence

/** A function that answers 0 (silent) to 1 (as loud as can be) for what goes through `node`. */
export function level(node) {
  const analyser = node.context.createAnalyser();
  analyser.fftSize = 1024;
  node.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return () => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    return power ? Math.min(1, Math.max(0, 1 - (10 * Math.log10(power)) / FLOOR)) : 0;
  };
}
