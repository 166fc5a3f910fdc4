// The words of a rating scale.

import { scaleWord, t } from "../i18n.js";

/**
 * The word for a score. A scale's labels name equal bands (BS.1534), or, with `points`, the scores at equal distances
 * from the lowest to the highest (BS.1116).
 */
export function wordFor(scale, value) {
  const { labels, min, max, points } = scale;
  if (!labels?.length) return null;
  const fraction = (value - min) / (max - min);
  const band = points ? Math.round(fraction * (labels.length - 1)) : Math.floor(fraction * labels.length);
  return scaleWord(labels[Math.min(Math.max(band, 0), labels.length - 1)]);
}

/** A score as it is read aloud: "63, Good". */
export function spoken(scale, value) {
  const word = wordFor(scale, value);
  return word === null ? String(value) : t("score_with_word", { score: value, word });
}

/** Where each label stands on the scale, from 0 at its low end to 1. */
export function labelPlaces({ labels = [], points }) {
  return labels.map((label, n) => ({
    text: scaleWord(label),
    at: points ? n / Math.max(1, labels.length - 1) : (n + 0.5) / labels.length,
  }));
}

/** Where the lines between bands stand; on a scale of points, where the points are. */
export function linePlaces({ labels = [], points }) {
  const count = points ? labels.length - 1 : labels.length;
  return count > 0 ? Array.from({ length: count + 1 }, (_, n) => n / count) : [0, 1];
}
