// ABX: X is one of two sounds; which?

import { t } from "../i18n.js";
import { X } from "../sounds.js";
import { choiceQuestion, comparisonPage } from "../ui/comparison.js";

/** @import { ChoicePage, Env, View } from "../types.js" */

/**
 * @param {ChoicePage} page
 * @param {Env} env
 * @returns {View}
 */
export function abx(page, env) {
  const [a, b] = page.stimuli;
  const answers = [
    { value: "A", label: t("x_is", { sound: "A" }), scores: [1, 0] },
    { value: "B", label: t("x_is", { sound: "B" }), scores: [0, 1] },
  ];
  return comparisonPage(page, env, {
    sounds: [
      { key: a.key, name: "A", short: "A" },
      { key: X, name: "X", short: "X" },
      { key: b.key, name: "B", short: "B" },
    ],
    ask: (ratings, changed) =>
      choiceQuestion(page, ratings, changed, { question: t("abx_question"), answers }),
  });
}
