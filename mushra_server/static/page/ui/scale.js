// The words of a rating scale.

import { scaleWord, t } from "../i18n.js";

/** @import { PageScale } from "../types.js" */

// The labels of a scale name equal bands (BS.1534). Just two labels name its ends, and with `points` they name the
// scores at equal distances from the lowest to the highest (BS.1116).
/** @param {PageScale} scale */
const namesPoints = ({ labels, points }) => points || labels.length < 3;

/**
 * The word for a score, or null on a scale that names only its ends.
 *
 * @param {PageScale} scale
 * @param {number} value
 */
export function wordFor(scale, value) {
  const { labels, min, max } = scale;
  if (!labels || labels.length < 3) return null;
  const fraction = (value - min) / (max - min);
  const band = namesPoints(scale)
    ? Math.round(fraction * (labels.length - 1))
    : Math.floor(fraction * labels.length);
  return scaleWord(labels[Math.min(Math.max(band, 0), labels.length - 1)]);
}

/**
 * A score as it is read aloud: "63, Good".
 *
 * @param {PageScale} scale
 * @param {number} value
 */
export function spoken(scale, value) {
  const word = wordFor(scale, value);
  return word === null ? String(value) : t("score_with_word", { score: value, word });
}

/**
 * The position of each label on the scale, from 0 at its low end to 1.
 *
 * @param {PageScale} scale
 */
export function labelPlaces(scale) {
  const { labels = [] } = scale;
  const last = Math.max(1, labels.length - 1);
  return labels.map((label, n) => ({
    text: scaleWord(label),
    at: namesPoints(scale) ? n / last : (n + 0.5) / labels.length,
  }));
}

/**
 * The scores at the lines, from 0 at the scale's low end to 1; between its ends only those that can be given.
 *
 * @param {PageScale} scale
 */
export function numberPlaces(scale) {
  const { min, max, step } = scale;
  return linePlaces(scale)
    .map((at) => ({ at, value: min + at * (max - min) }))
    .filter(({ at, value }) => at === 0 || at === 1 || isWhole((value - min) / step))
    .map(({ at, value }) => ({ at, text: String(Number(value.toFixed(6))) }));
}

/** @param {number} steps */
const isWhole = (steps) => Math.abs(steps - Math.round(steps)) < 1e-6;

/**
 * The positions of the lines between bands; on a scale of points, of the points.
 *
 * @param {PageScale} scale
 */
export function linePlaces(scale) {
  const { labels = [] } = scale;
  const count = labels.length < 2 ? 1 : namesPoints(scale) ? labels.length - 1 : labels.length;
  return Array.from({ length: count + 1 }, (_, n) => n / count);
}
