// One sound, rated on one or more Likert scales (absolute category rating); the three of P.835 in turn.

import { likertMultiStimulus } from "./likert_multi_stimulus.js";
import { isP835, p835 } from "./p835.js";

/** @import { Env, LikertPage, View } from "../types.js" */

/**
 * @param {LikertPage} page
 * @param {Env} env
 * @returns {View}
 */
export function likertSingleStimulus(page, env) {
  return isP835(page) ? p835(page, env) : likertMultiStimulus(page, env);
}
