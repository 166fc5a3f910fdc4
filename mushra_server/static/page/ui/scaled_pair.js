// What DCR and CCR have in common: two sounds, one after the other, and one question with a scale.

import { scaleWord } from "../i18n.js";
import { choiceQuestion, comparisonPage } from "./comparison.js";

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
  const { labels, min } = page.scales[0];
  const answers = labels
    .map((label, n) => ({
      value: String(min + n),
      label: scaleWord(label),
      scores: scores(min + n),
    }))
    .reverse(); // the best answer is on top
  return comparisonPage(page, env, {
    sounds,
    inTurn: true,
    ask: (ratings, changed) =>
      choiceQuestion(page, ratings, changed, { question, answers, layout: "stack" }),
  });
}
