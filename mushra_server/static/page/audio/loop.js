// Loop regions and fades. Pure: frames and arrays in, frames and arrays out.

/** @import { Edge, Region } from "../types.js" */

export const FADE_SECONDS = 0.005; // BS.1534-3: raised cosine of 5 ms on every switch and loop end
export const MIN_LOOP_SECONDS = 0.5; // BS.1534-3: a loop is at least 500 ms long

/**
 * Length of a fade in frames.
 *
 * @param {number} sampleRate
 */
export function fadeFrames(sampleRate) {
  return Math.round(FADE_SECONDS * sampleRate);
}

/**
 * Raised-cosine ramp with `points` values from 0 to 1, both included.
 *
 * @param {number} points
 */
export function raisedCosine(points) {
  return Float32Array.from(
    { length: points },
    (_, n) => 0.5 - 0.5 * Math.cos((Math.PI * n) / (points - 1)),
  );
}

/**
 * Bring a region into the sound and to its least length, all in frames. `pinned` names the edge that stays
 * in place while the other moves.
 *
 * @param {Region} region
 * @param {number} length
 * @param {number} sampleRate
 * @param {Edge} [pinned]
 * @returns {Region}
 */
export function clampRegion({ start, end }, length, sampleRate, pinned = "start") {
  const least = Math.min(Math.round(MIN_LOOP_SECONDS * sampleRate), length);
  let from = Math.round(Math.min(start, end));
  let to = Math.round(Math.max(start, end));
  if (pinned === "start") {
    from = Math.max(0, Math.min(from, length - least));
    to = Math.min(length, Math.max(to, from + least));
  } else {
    to = Math.min(length, Math.max(to, least));
    from = Math.max(0, Math.min(from, to - least));
  }
  return { start: from, end: to };
}

/**
 * The position of a playhead in a loop of `size` frames, `elapsed` frames after it was at `offset`.
 *
 * @param {number} offset
 * @param {number} elapsed
 * @param {number} size
 */
export function wrap(offset, elapsed, size) {
  return (((offset + elapsed) % size) + size) % size;
}

/**
 * Let a sound rise and fall over so many samples, in place: it begins and ends without a click.
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

/**
 * Multiply the first and last frames of `samples` by the fade, in place.
 *
 * @param {Float32Array<ArrayBuffer>} samples
 * @param {number} sampleRate
 */
export function fadeEdges(samples, sampleRate) {
  return ramp(samples, Math.min(fadeFrames(sampleRate), Math.floor(samples.length / 2)));
}
