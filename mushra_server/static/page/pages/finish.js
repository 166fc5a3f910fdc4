// The last page: its questionnaire. The session sends everything when it is left.

import { questionnaire } from "./questionnaire.js";

/** @import { Env, FinishPage, View } from "../types.js" */

/**
 * @param {FinishPage} page
 * @param {Env} env
 * @returns {View}
 */
export function finish(page, env) {
  return questionnaire(page, env);
}
