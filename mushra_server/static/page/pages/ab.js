// AB: which of two sounds is preferred?

import { t } from "../i18n.js";
import { choiceQuestion, chosenAnswer, comparisonPage, rateAll } from "../ui/comparison.js";

/** @import { ChoicePage, Env, View } from "../types.js" */

/**
 * @param {ChoicePage} page
 * @param {Env} env
 * @returns {View}
 */
export function ab(page, env) {
  /** @type {Record<string, number[]>} */
  const answers = { A: [1, 0], B: [0, 1], ...(page.ties ? { neither: [0.5, 0.5] } : {}) };
  return comparisonPage(page, env, {
    sounds: page.stimuli.map(({ key }, n) => ({ key, name: "AB"[n], short: "AB"[n] })),
    ask: (ratings, changed) =>
      choiceQuestion({
        question: page.scales[0].question ?? t("ab_question"),
        points: Object.keys(answers).map((value) => ({
          value,
          label: value === "neither" ? t("no_preference") : value,
        })),
        chosen: chosenAnswer(ratings, page, answers),
        onChoose: (value) => {
          rateAll(ratings, page, answers[value]);
          changed();
        },
      }),
  });
}
