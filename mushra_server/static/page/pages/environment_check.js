// Check of the surroundings: is a small difference of background noise heard where the listener sits?

import { createNoiseRounds, NOISE_PASS_MARK, NOISE_ROUNDS } from "../audio/noise_pairs.js";
import { listeningCheck } from "../ui/listening_check.js";

/** @import { Env, ScreenPage, View } from "../types.js" */

/**
 * @param {ScreenPage} page
 * @param {Env} env
 * @returns {View}
 */
export function environmentCheck(page, env) {
  return listeningCheck(page, env, {
    rounds: NOISE_ROUNDS,
    passMark: NOISE_PASS_MARK,
    createRounds: createNoiseRounds,
    texts: {
      intro: "environment_intro",
      question: "environment_question",
      again: "environment_again",
      passed: "check_done",
      missing: "environment_missing",
    },
  });
}
