// Pairs of sounds with a little more and a little less noise: is it quiet enough to hear the difference? Pure.
//
// After the test of environments by just-noticeable differences of quality (Naderi & Moeller 2020, arXiv 2004.05502,
// as ITU-T P.808 suggests): a listener in a noisy room, or with loudspeakers far away, cannot tell a signal-to-noise
// ratio of 40 dB from one of 50 dB. Where that test plays speech, this one has a gliding voice-like tone with pauses,
// so that it is the same in every language. Seven of eight pairs must be right, which guessing reaches in 3.5 %.

import { ramp } from "./loop.js";

/** @import { Channels, CheckRound, Random } from "../types.js" */

export const NOISE_ROUNDS = 8;
export const NOISE_PASS_MARK = 7;
const SECONDS = 1.5;
const LEVEL_DBFS = -26; // root mean square, about that of a study's sounds
const SNR_DB = { less: 50, more: 40 };
const SYLLABLES_HZ = 3;
const HARMONICS = 12;

/**
 * The rounds of an attempt: which of the two has less noise?
 *
 * @param {number} sampleRate
 * @param {Random} random
 * @returns {Generator<CheckRound, undefined, void>}
 */
export function* createNoiseRounds(sampleRate, random) {
  for (let n = 0; n < NOISE_ROUNDS; n += 1) {
    const correct = Math.floor(random() * 2);
    const sounds = [0, 1].map((place) =>
      createNoisyVoice(sampleRate, random, place === correct ? SNR_DB.less : SNR_DB.more),
    );
    yield { correct, sounds };
  }
}

/**
 * A voice-like tone at LEVEL_DBFS: harmonics of a pitch that glides, in syllables with pauses between them.
 *
 * @param {number} sampleRate
 */
export function createVoice(sampleRate) {
  const samples = new Float32Array(Math.round(SECONDS * sampleRate));
  let phase = 0;
  for (let n = 0; n < samples.length; n += 1) {
    const time = n / sampleRate;
    phase += (2 * Math.PI * (140 + 40 * Math.sin(2 * Math.PI * 0.7 * time))) / sampleRate;
    const syllable = Math.max(0, Math.sin(2 * Math.PI * SYLLABLES_HZ * time));
    for (let k = 1; k <= HARMONICS; k += 1) samples[n] += (syllable * Math.sin(k * phase)) / k;
  }
  return scale(samples, LEVEL_DBFS);
}

/**
 * @param {number} sampleRate
 * @param {Random} random
 * @param {number} snrDb ratio of the powers of voice and noise
 * @returns {Channels}
 */
function createNoisyVoice(sampleRate, random, snrDb) {
  const voice = createVoice(sampleRate);
  const noise = scale(
    voice.map(() => 2 * random() - 1),
    LEVEL_DBFS - snrDb,
  );
  const left = ramp(
    voice.map((sample, n) => sample + noise[n]),
    0.02 * sampleRate,
  );
  return [left, left.slice()];
}

/**
 * Give samples a root mean square, in place.
 *
 * @param {Float32Array<ArrayBuffer>} samples
 * @param {number} dbfs
 */
function scale(samples, dbfs) {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const gain = 10 ** (dbfs / 20) / Math.sqrt(power);
  samples.forEach((sample, n) => {
    samples[n] = gain * sample;
  });
  return samples;
}
