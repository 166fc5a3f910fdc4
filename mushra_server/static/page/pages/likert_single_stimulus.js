// One sound, rated on one or more Likert scales (absolute category rating).

import { likertMultiStimulus } from "./likert_multi_stimulus.js";

/** @import { Env, LikertPage, View } from "../types.js" */

/**
 * @param {LikertPage} page
 * @param {Env} env
 * @returns {View}
 */
export function likertSingleStimulus(page, env) {
  return likertMultiStimulus(page, env);
}
