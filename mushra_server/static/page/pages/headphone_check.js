// Headphone check: six rounds of three sounds, which tell headphones from loudspeakers.

import { createRounds, passMark, ROUNDS } from "../audio/headphones.js";
import { listeningCheck } from "../ui/listening_check.js";

/** @import { Env, HeadphonePage, View } from "../types.js" */

/**
 * @param {HeadphonePage} page
 * @param {Env} env
 * @returns {View}
 */
export function headphoneCheck(page, env) {
  const { method } = page;
  return listeningCheck(page, env, {
    rounds: ROUNDS,
    passMark: passMark(method),
    createRounds: (sampleRate, random) => createRounds(method, sampleRate, random),
    stored: { headphone_check_method: method },
    texts: {
      intro: "headphones_intro",
      question: method === "huggins" ? "headphones_tone" : "headphones_softest",
      again: "headphones_again",
      passed: "headphones_passed",
      missing: "headphones_missing",
    },
  });
}
