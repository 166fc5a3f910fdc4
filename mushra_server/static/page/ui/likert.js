// One Likert scale for one sound: named points, one of which is chosen.

import { scaleWord, t } from "../i18n.js";
import { choices } from "./choices.js";
import { h } from "./dom.js";

/**
 * @import { LikertControl, LikertPage, LikertParts, Point, Problem, Score } from "../types.js"
 * @import { Ratings } from "./ratings.js"
 */

/**
 * @param {Point[]} points
 * @param {object} options
 * @param {string} options.legend what is rated
 * @param {Score | null} options.chosen
 * @param {(value: string) => void} options.onChoose gets the point's own text
 * @param {boolean} [options.hideLegend]
 * @returns {LikertControl}
 */
export function likertScale(points, { legend, chosen, onChoose, hideLegend = false }) {
  const made = choices(points, {
    chosen: chosen === null ? null : String(chosen),
    words: (point) => (point.label ? scaleWord(point.label) : point.value),
    boxed: true,
    onChoose,
  });
  const element = h(
    "fieldset",
    { class: "likert" },
    h("legend", { class: hideLegend ? "visually-hidden" : null, text: legend }),
    h("div", { class: "choices row" }, made.elements),
  );
  return {
    element,
    first: made.radios[0],
    chosen: made.chosen,
    get enabled() {
      return !element.disabled;
    },
    set enabled(on) {
      element.disabled = !on;
    },
  };
}

/**
 * What a page's rule on playback asks before a sound can be rated, in words; null if it asks nothing.
 *
 * @param {LikertPage} page
 */
export function rateRule(page) {
  const one = page.stimuli.length === 1;
  if (mustEnd(page)) return one ? t("rate_after_end_one") : t("rate_after_end");
  if (page.must_playback !== "processUpdate") return null;
  return one ? t("rate_after_start_one") : t("rate_after_start");
}

/**
 * Whether a page's rule on playback lets a sound be rated now.
 *
 * @param {LikertPage} page
 * @param {Ratings} ratings
 * @param {string} key
 */
export function mayRate(page, ratings, key) {
  if (mustEnd(page)) return ratings.heardAll(key);
  if (page.must_playback === "processUpdate") return ratings.started(key);
  return true;
}

/**
 * Whether a page lets a sound be rated only once it was heard to its end.
 *
 * @param {LikertPage} page
 */
export const mustEnd = (page) => page.must_playback === "ended" || page.must_playback === true;

/**
 * What is still missing: sounds to hear, then points to choose.
 *
 * @param {LikertParts} parts
 * @returns {Problem | null}
 */
export function likertProblem({ page, ratings, keys, buttons, scales, name }) {
  const unended =
    mustEnd(page) && page.must_rate ? keys.filter((key) => !ratings.heardAll(key)) : [];
  if (unended.length > 0)
    return {
      text: t("end_missing", { sounds: unended.map(name).join(", ") }),
      focus: buttons.get(unended[0])?.element,
    };
  const unheard = page.must_listen ? keys.filter((key) => !ratings.heard(key)) : [];
  if (unheard.length > 0)
    return {
      text: t(ratings.listenText(unheard), { sounds: unheard.map(name).join(", ") }),
      focus: buttons.get(unheard[0])?.element,
    };
  if (!page.must_rate) return null;
  const open = scales.filter((scale) => scale.control.chosen() === null);
  if (open.length === 0) return null;
  const names = new Set(open.map((scale) => name(scale.key)));
  return {
    text: t("rate_missing", { sounds: [...names].join(", ") }),
    focus: open[0].control.first,
  };
}
