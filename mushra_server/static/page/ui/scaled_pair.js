// What DCR and CCR have in common: two sounds, one after the other, and one question with a scale.

import { scaleWord } from "../i18n.js";
import { choiceQuestion, chosenAnswer, comparisonPage, rateAll } from "./comparison.js";

/** @import { ChoicePage, Env, NamedSound, View } from "../types.js" */

/**
 * @param {ChoicePage} page
 * @param {Env} env
 * @param {object} kind
 * @param {NamedSound[]} kind.sounds in the order in which they are heard
 * @param {string} kind.question asked if the page has none
 * @param {(grade: number) => number[]} kind.scores of the page's sounds, if a grade is chosen
 * @returns {View}
 */
export function scaledPair(page, env, { sounds, question, scores }) {
  const scale = page.scales[0];
  const grades = scale.labels.map((label, n) => ({ label, grade: scale.min + n }));
  const answers = Object.fromEntries(grades.map(({ grade }) => [String(grade), scores(grade)]));
  return comparisonPage(page, env, {
    sounds,
    inTurn: true,
    ask: (ratings, changed) =>
      choiceQuestion({
        question: scale.question ?? question,
        // The best answer is on top.
        points: grades
          .map(({ label, grade }) => ({ value: String(grade), label: scaleWord(label) }))
          .reverse(),
        chosen: chosenAnswer(ratings, page, answers),
        onChoose: (value) => {
          rateAll(ratings, page, answers[value]);
          changed();
        },
        layout: "stack",
      }),
  });
}
