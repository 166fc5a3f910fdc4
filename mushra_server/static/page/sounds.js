// The sounds of a page.

import { t } from "./i18n.js";

/** @import { Page, Sound } from "./types.js" */

export const OPEN = "open"; // the key of the sound that all others are compared with
export const X = "x"; // the key of the sound that is one of the others

/**
 * The sounds of a page as {key, url, label}; the label is how a listener knows a sound.
 *
 * @param {Page | undefined} page
 * @returns {Sound[]}
 */
export function soundsOf(page) {
  if (!page) return [];
  /** @type {Sound[]} */
  const sounds = [];
  if ("stimuli" in page) {
    if (page.reference) sounds.push({ key: OPEN, url: page.reference.url, label: t("reference") });
    page.stimuli.forEach((sound, n) =>
      sounds.push({ ...sound, label: t("sound_n", { n: n + 1 }) }),
    );
    if ("x" in page && page.x) sounds.push({ key: X, url: page.x.url, label: "X" });
  }
  if ("url" in page) sounds.push({ key: "sound", url: page.url, label: t("sound") });
  return sounds;
}

const AHEAD = 2; // pages with sounds: a volume page is short, and what follows it is not

/**
 * The sounds of the next pages that have any, page by page.
 *
 * @param {Page[]} pages
 * @param {number} index of the page that is shown
 */
export function soundsAhead(pages, index) {
  return pages
    .slice(index + 1)
    .map(soundsOf)
    .filter((sounds) => sounds.length > 0)
    .slice(0, AHEAD);
}

/**
 * The gain that a volume page has set for the pages after it; 1 if none has.
 *
 * @param {Page[]} pages
 */
export function chosenVolume(pages) {
  const stored = pages.map((page) => page.answer?.answers?.volume);
  const last = Number(stored.filter((value) => value !== undefined).at(-1) ?? 100);
  return Number.isFinite(last) ? Math.min(Math.max(last / 100, 0), 1) : 1;
}
