// Hearing check: how many soft tones are heard, at three frequencies and each ear. It does not diagnose, and says so.

import { createToneRounds, TONE_PASS_MARK, TONE_ROUNDS } from "../audio/soft_tones.js";
import { listeningCheck } from "../ui/listening_check.js";

/** @import { Env, ScreenPage, View } from "../types.js" */

/**
 * @param {ScreenPage} page
 * @param {Env} env
 * @returns {View}
 */
export function hearingCheck(page, env) {
  return listeningCheck(page, env, {
    rounds: TONE_ROUNDS,
    passMark: TONE_PASS_MARK,
    createRounds: createToneRounds,
    texts: {
      intro: "hearing_intro",
      question: "hearing_question",
      again: "hearing_again",
      passed: "check_done",
      missing: "hearing_missing",
    },
  });
}
