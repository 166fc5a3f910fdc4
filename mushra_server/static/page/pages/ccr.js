// CCR (P.800, annex E): how good is the second sound compared with the first?

import { t } from "../i18n.js";
import { scaledPair } from "../ui/scaled_pair.js";

/** @import { ChoicePage, Env, View } from "../types.js" */

/**
 * @param {ChoicePage} page
 * @param {Env} env
 * @returns {View}
 */
export function ccr(page, env) {
  const names = [t("first_sound"), t("second_sound")];
  return scaledPair(page, env, {
    sounds: page.stimuli.map(({ key }, n) => ({ key, name: names[n], short: names[n] })),
    question: t("ccr_question"),
    // A grade is that of the second sound, and the first has the opposite one.
    scores: (grade) => [0 - grade, grade],
  });
}
