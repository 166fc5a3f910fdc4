// DCR (P.800, annex D): the reference and then a sound; how much is it degraded?

import { scaleWord, t } from "../i18n.js";
import { OPEN } from "../sounds.js";
import { choiceQuestion, chosenAnswer, comparisonPage, rateAll } from "../ui/comparison.js";

/** @import { ChoicePage, Env, View } from "../types.js" */

/**
 * @param {ChoicePage} page
 * @param {Env} env
 * @returns {View}
 */
export function dcr(page, env) {
  const scale = page.scales[0];
  const scores = scale.labels.map((label, n) => ({ label, score: scale.min + n })).reverse();
  const answers = Object.fromEntries(scores.map(({ score }) => [String(score), [score]]));
  return comparisonPage(page, env, {
    sounds: [
      { key: OPEN, name: t("reference"), short: t("reference") },
      { key: page.stimuli[0].key, name: t("second_sound"), short: t("second_sound") },
    ],
    inTurn: true,
    ask: (ratings, changed) =>
      choiceQuestion({
        question: scale.question ?? t("dcr_question"),
        points: scores.map(({ label, score }) => ({
          value: String(score),
          label: scaleWord(label),
        })),
        chosen: chosenAnswer(ratings, page, answers),
        onChoose: (value) => {
          rateAll(ratings, page, answers[value]);
          changed();
        },
        layout: "stack",
      }),
  });
}
