// Paired comparison: which of two sounds is the same as the open one?

import { t } from "../i18n.js";
import { OPEN, soundsOf } from "../sounds.js";
import { choiceQuestion, comparisonPage } from "../ui/comparison.js";

/**
 * @import { Env, PairedPage, View } from "../types.js"
 * @import { ScoredAnswer } from "../ui/comparison.js"
 */

const NAMES = ["A", "B", "C", "D"];

/**
 * @param {PairedPage} page
 * @param {Env} env
 * @returns {View}
 */
export function pairedComparison(page, env) {
  const keys = page.stimuli.map((sound) => sound.key);
  /** @param {string} key */
  const nameOf = (key) => (key === OPEN ? t("reference") : NAMES[keys.indexOf(key)]);
  // The chosen sound scores 1 and the other 0; both score one half if the listener cannot say.
  /** @type {ScoredAnswer[]} */
  const answers = keys.map((key) => ({
    value: key,
    label: nameOf(key),
    scores: keys.map((other) => (other === key ? 1 : 0)),
  }));
  if (page.unforced)
    answers.push({ value: "unforced", label: page.unforced, scores: keys.map(() => 0.5) });
  return comparisonPage(page, env, {
    sounds: soundsOf(page).map(({ key }) => ({ key, name: nameOf(key), short: nameOf(key) })),
    ask: (ratings, changed) =>
      choiceQuestion(page, ratings, changed, { question: t("pair_question_open"), answers }),
  });
}
