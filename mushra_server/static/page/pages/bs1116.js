// BS.1116: two sounds against the open one; one of the two is the same as it and gets the highest score.

import { t } from "../i18n.js";
import { mushra } from "./mushra.js";

/** @import { Env, MushraPage, View } from "../types.js" */

/**
 * @param {MushraPage} page
 * @param {Env} env
 * @returns {View}
 */
export function bs1116(page, env) {
  /** @type {MushraPage["scales"]} */
  const scales = page.scales.map((scale) => ({
    ...scale,
    points: true,
    question: scale.question ?? t("bs1116_question"),
  }));
  return mushra({ ...page, scales }, env);
}
