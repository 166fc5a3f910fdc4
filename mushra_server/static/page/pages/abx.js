// ABX: X is one of two sounds; which?

import { t } from "../i18n.js";
import { X } from "../sounds.js";
import { choiceQuestion, chosenAnswer, comparisonPage, rateAll } from "../ui/comparison.js";

/** @import { ChoicePage, Env, View } from "../types.js" */

/** @type {Record<string, number[]>} */
const ANSWERS = { A: [1, 0], B: [0, 1] };

/**
 * @param {ChoicePage} page
 * @param {Env} env
 * @returns {View}
 */
export function abx(page, env) {
  const [a, b] = page.stimuli;
  return comparisonPage(page, env, {
    sounds: [
      { key: a.key, name: "A", short: "A" },
      { key: X, name: "X", short: "X" },
      { key: b.key, name: "B", short: "B" },
    ],
    ask: (ratings, changed) =>
      choiceQuestion({
        question: page.scales[0].question ?? t("abx_question"),
        points: Object.keys(ANSWERS).map((value) => ({
          value,
          label: t("x_is", { sound: value }),
        })),
        chosen: chosenAnswer(ratings, page, ANSWERS),
        onChoose: (value) => {
          rateAll(ratings, page, ANSWERS[value]);
          changed();
        },
      }),
  });
}
