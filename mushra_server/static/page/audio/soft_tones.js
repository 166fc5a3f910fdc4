// Soft tones to be counted: a screen for listeners who do not hear parts of what is played. Pure, as headphones.js.
//
// A round plays one to four tones of one frequency to one ear, 25 dB softer than the -23 LUFS to which studies are
// aligned: about 40 dB SPL for a listener who set those sounds to 65 dB. Six rounds: 500, 2000 and 6000 Hz at each ear.
// Five must be right, which guessing among 0 to 4 reaches in 0.2 % of attempts. Nothing is calibrated, so nothing is
// diagnosed: it is a screen of ears, headphones, level and room together.

import { ramp } from "./loop.js";
import { shuffle } from "./random.js";

/** @import { CheckRound, Random } from "../types.js" */

export const TONE_PASS_MARK = 5;
const FREQUENCIES_HZ = [500, 2000, 6000];
const EARS = [0, 1];
export const TONE_ROUNDS = FREQUENCIES_HZ.length * EARS.length;
const MOST = 4;
const SLOT_S = 0.5; // from the beginning of one tone to that of the next
const TONE_S = 0.25;
const RAMP_S = 0.03;
const RMS_DBFS = -48;

/**
 * The rounds of an attempt: each frequency at each ear once, in a drawn order. Their `choices` are the numbers that can
 * be answered.
 *
 * @param {number} sampleRate
 * @param {Random} random
 * @returns {Generator<CheckRound, undefined, void>}
 */
export function* createToneRounds(sampleRate, random) {
  const pairs = FREQUENCIES_HZ.flatMap((hz) => EARS.map((ear) => ({ hz, ear })));
  for (const { hz, ear } of shuffle(pairs, random)) {
    const count = 1 + Math.floor(random() * MOST);
    const whole = EARS.map(() => new Float32Array(Math.round(MOST * SLOT_S * sampleRate)));
    const tone = createTone(sampleRate, hz);
    for (let n = 0; n < count; n += 1) whole[ear].set(tone, Math.round(n * SLOT_S * sampleRate));
    yield { correct: count, sounds: [whole], choices: [0, 1, 2, 3, 4] };
  }
}

/**
 * @param {number} sampleRate
 * @param {number} hz
 */
function createTone(sampleRate, hz) {
  const peak = Math.SQRT2 * 10 ** (RMS_DBFS / 20);
  const samples = Float32Array.from(
    { length: Math.round(TONE_S * sampleRate) },
    (_, n) => peak * Math.sin((2 * Math.PI * hz * n) / sampleRate),
  );
  return ramp(samples, RAMP_S * sampleRate);
}
