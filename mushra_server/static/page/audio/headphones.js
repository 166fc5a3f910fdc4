// Sounds that tell headphones from loudspeakers, made from formulas. Pure: a random source in, samples out.
//
// Antiphase (Woods et al. 2017): of three 200 Hz tones one is 6 dB softer, and one of the others is in antiphase between
// the ears; over loudspeakers that one cancels and seems softest. Huggins pitch (Milne et al. 2021): of three noises one
// has its phase turned by 2 pi within 6 % of 600 Hz at one ear; only over headphones is a faint tone heard in it.

import { ramp } from "./loop.js";
import { shuffle } from "./random.js";

/** @import { Channels, CheckRound, HeadphoneMethod, Random } from "../types.js" */

const SECONDS = 1;
const LEVEL = 0.25;

/**
 * One round: {correct, sounds}, each sound a pair of channels.
 *
 * @param {HeadphoneMethod} method
 * @param {number} sampleRate
 * @param {Random} random
 * @returns {CheckRound}
 */
export function createRound(method, sampleRate, random) {
  const order = shuffle([0, 1, 2], random);
  const kinds =
    method === "huggins" ? [huggins, noise, noise] : [softTone, antiphaseTone, plainTone];
  return {
    correct: order.indexOf(0),
    sounds: order.map((kind) => kinds[kind](sampleRate, random)),
  };
}

/**
 * The rounds of an attempt.
 *
 * @param {HeadphoneMethod} method
 * @param {number} sampleRate
 * @param {Random} random
 * @returns {Generator<CheckRound, undefined, void>}
 */
export function* createRounds(method, sampleRate, random) {
  for (let n = 0; n < ROUNDS; n += 1) yield createRound(method, sampleRate, random);
}

/**
 * How many of the rounds must be right (six of six for Huggins pitch, five of six for antiphase).
 *
 * @param {HeadphoneMethod} method
 */
export function passMark(method) {
  return method === "huggins" ? 6 : 5;
}

export const ROUNDS = 6;

/**
 * @param {number} sampleRate
 * @returns {Channels}
 */
function plainTone(sampleRate) {
  const left = tone(sampleRate, LEVEL);
  return [left, left.slice()];
}

/**
 * @param {number} sampleRate
 * @returns {Channels}
 */
function antiphaseTone(sampleRate) {
  const left = tone(sampleRate, LEVEL);
  return [left, left.map((sample) => -sample)];
}

/**
 * @param {number} sampleRate
 * @returns {Channels}
 */
function softTone(sampleRate) {
  const left = tone(sampleRate, LEVEL * 10 ** (-6 / 20));
  return [left, left.slice()];
}

/**
 * @param {number} sampleRate
 * @param {number} level
 */
function tone(sampleRate, level) {
  const samples = Float32Array.from(
    { length: SECONDS * sampleRate },
    (_, n) => level * Math.sin((2 * Math.PI * 200 * n) / sampleRate),
  );
  return ramp(samples, 0.1 * sampleRate);
}

/**
 * @param {number} sampleRate
 * @param {Random} random
 * @returns {Channels}
 */
function noise(sampleRate, random) {
  const left = Float32Array.from(
    { length: SECONDS * sampleRate },
    () => LEVEL * (2 * random() - 1),
  );
  ramp(left, 0.02 * sampleRate);
  return [left, left.slice()];
}

/**
 * @param {number} sampleRate
 * @param {Random} random
 * @returns {Channels}
 */
function huggins(sampleRate, random) {
  const left = Float32Array.from(
    { length: SECONDS * sampleRate },
    () => LEVEL * (2 * random() - 1),
  );
  const right = turnPhase(left, 600 * 0.94, 600 * 1.06, sampleRate);
  return [ramp(left, 0.02 * sampleRate), ramp(right, 0.02 * sampleRate)];
}

/**
 * Turn the phase of a band by 0 to 2 pi, from its lower to its upper edge; only that band's bins are touched.
 *
 * @param {Float32Array} samples
 * @param {number} low
 * @param {number} high
 * @param {number} sampleRate
 */
export function turnPhase(samples, low, high, sampleRate) {
  const size = samples.length;
  const result = Float64Array.from(samples);
  const first = Math.ceil((low * size) / sampleRate);
  const last = Math.floor((high * size) / sampleRate);
  for (let bin = first; bin <= last; bin += 1) {
    const step = (2 * Math.PI * bin) / size;
    const turn = (2 * Math.PI * (bin - first)) / (last - first);
    const { real, imaginary } = coefficient(samples, step);
    addWave(
      result,
      step,
      (2 / size) * (real * (Math.cos(turn) - 1) - imaginary * Math.sin(turn)),
      (2 / size) * (real * Math.sin(turn) + imaginary * (Math.cos(turn) - 1)),
    );
  }
  return Float32Array.from(result);
}

// Both loops turn a phasor by `step` per sample instead of computing a sine and a cosine each time: a round takes
// milliseconds rather than freezing the page, and in doubles the error after 48,000 turns stays below 1e-11.

/**
 * The Fourier coefficient of real samples at `step` radians per sample.
 *
 * @param {Float32Array} samples
 * @param {number} step
 */
function coefficient(samples, step) {
  const cos = Math.cos(step);
  const sin = Math.sin(step);
  let [real, imaginary] = [0, 0];
  let [x, y] = [1, 0];
  for (let n = 0; n < samples.length; n += 1) {
    real += samples[n] * x;
    imaginary -= samples[n] * y;
    const turned = x * cos - y * sin;
    y = x * sin + y * cos;
    x = turned;
  }
  return { real, imaginary };
}

/**
 * Add the real part of (real + i imaginary) exp(i step n) to each sample n.
 *
 * @param {Float64Array} samples
 * @param {number} step
 * @param {number} real
 * @param {number} imaginary
 */
function addWave(samples, step, real, imaginary) {
  const cos = Math.cos(step);
  const sin = Math.sin(step);
  let [x, y] = [real, imaginary];
  for (let n = 0; n < samples.length; n += 1) {
    samples[n] += x;
    const turned = x * cos - y * sin;
    y = x * sin + y * cos;
    x = turned;
  }
}
