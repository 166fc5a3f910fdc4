// Sounds that begin and end without a click.

/**
 * Let a sound rise and fall over so many samples, in place.
 *
 * @param {Float32Array<ArrayBuffer>} samples
 * @param {number} length
 */
export function ramp(samples, length) {
  const count = Math.round(length);
  for (let n = 0; n < count; n += 1) {
    const gain = 0.5 - 0.5 * Math.cos((Math.PI * n) / count);
    samples[n] *= gain;
    samples[samples.length - 1 - n] *= gain;
  }
  return samples;
}
