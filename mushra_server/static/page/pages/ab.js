// AB: which of two sounds is preferred?

import { t } from "../i18n.js";
import { choiceQuestion, comparisonPage } from "../ui/comparison.js";

/** @import { ChoicePage, Env, View } from "../types.js" */

/**
 * @param {ChoicePage} page
 * @param {Env} env
 * @returns {View}
 */
export function ab(page, env) {
  const answers = [
    { value: "A", label: "A", scores: [1, 0] },
    { value: "B", label: "B", scores: [0, 1] },
  ];
  if (page.ties) answers.push({ value: "neither", label: t("no_preference"), scores: [0.5, 0.5] });
  return comparisonPage(page, env, {
    sounds: page.stimuli.map(({ key }, n) => ({ key, name: "AB"[n], short: "AB"[n] })),
    ask: (ratings, changed) =>
      choiceQuestion(page, ratings, changed, { question: t("ab_question"), answers }),
  });
}
