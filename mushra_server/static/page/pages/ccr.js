// CCR (P.800, annex E): how good is the second sound compared with the first?

import { scaleWord, t } from "../i18n.js";
import { choiceQuestion, chosenAnswer, comparisonPage, rateAll } from "../ui/comparison.js";

/** @import { ChoicePage, Env, View } from "../types.js" */

/**
 * @param {ChoicePage} page
 * @param {Env} env
 * @returns {View}
 */
export function ccr(page, env) {
  const scale = page.scales[0];
  // The best answer is on top; a grade is that of the second sound, and the first has the opposite one.
  const grades = scale.labels.map((label, n) => ({ label, grade: scale.min + n })).reverse();
  const answers = Object.fromEntries(
    grades.map(({ grade }) => [String(grade), [0 - grade, grade]]),
  );
  const names = [t("first_sound"), t("second_sound")];
  return comparisonPage(page, env, {
    sounds: page.stimuli.map(({ key }, n) => ({ key, name: names[n], short: names[n] })),
    inTurn: true,
    ask: (ratings, changed) =>
      choiceQuestion({
        question: scale.question ?? t("ccr_question"),
        points: grades.map(({ label, grade }) => ({
          value: String(grade),
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
