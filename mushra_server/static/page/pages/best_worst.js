// Best-worst: which of several sounds is best, and which is worst?

import { t } from "../i18n.js";
import { choices } from "../ui/choices.js";
import { comparisonPage, rateAll } from "../ui/comparison.js";
import { h } from "../ui/dom.js";

/**
 * @import { ChoiceControl, ChoicePage, Env, View } from "../types.js"
 * @import { Ratings } from "../ui/ratings.js"
 */

/**
 * @param {ChoicePage} page
 * @param {Env} env
 * @returns {View}
 */
export function bestWorst(page, env) {
  return comparisonPage(page, env, {
    sounds: page.stimuli.map(({ key }, n) => ({
      key,
      name: t("sound_n", { n: n + 1 }),
      short: String(n + 1),
    })),
    ask: (ratings, changed) => createEnds(page, ratings, changed),
  });
}

/**
 * Two rows of sounds to choose from. A sound cannot be both: choosing it in one row takes it out of the other.
 *
 * @param {ChoicePage} page
 * @param {Ratings} ratings
 * @param {() => void} changed
 * @returns {ChoiceControl}
 */
function createEnds(page, ratings, changed) {
  const keys = page.stimuli.map(({ key }) => key);
  const { name: attribute, question } = page.scales[0];
  const stored = (/** @type {number} */ score) =>
    keys.find((key) => ratings.scoreOf(key, attribute) === score) ?? null;
  /** @type {{ best: string | null, worst: string | null }} */
  const now = { best: stored(1), worst: stored(-1) };
  const points = keys.map((key, n) => ({ value: key, label: String(n + 1) }));
  const row = (/** @type {"best" | "worst"} */ end, /** @type {"best" | "worst"} */ other) =>
    choices(points, {
      chosen: now[end],
      words: (point) => point.label ?? point.value,
      boxed: true,
      onChoose: (key) => {
        now[end] = key;
        if (now[other] === key) {
          now[other] = null;
          for (const radio of rows[other].radios) radio.checked = false;
        }
        // Half an answer is kept in the draft; it counts once both are chosen.
        rateAll(
          ratings,
          page,
          keys.map((one) => (one === now.best ? 1 : one === now.worst ? -1 : 0)),
        );
        changed();
      },
    });
  const rows = { best: row("best", "worst"), worst: row("worst", "best") };
  const fieldset = (/** @type {"best" | "worst"} */ end, /** @type {string} */ legend) =>
    h(
      "fieldset",
      { class: "question" },
      h("legend", { text: legend }),
      h("div", { class: "choices even" }, rows[end].elements),
    );
  const element = h(
    "div",
    { class: "ends" },
    question ? h("p", { class: "scale-question", text: question }) : null,
    fieldset("best", t("best_question")),
    fieldset("worst", t("worst_question")),
  );
  element.style.setProperty("--count", String(keys.length));
  return {
    element,
    chosen: () => now.best !== null && now.worst !== null,
    partial: () => (now.best === null) !== (now.worst === null),
    get first() {
      return now.best === null ? rows.best.radios[0] : rows.worst.radios[0];
    },
    missing: t("best_worst_missing"),
  };
}
