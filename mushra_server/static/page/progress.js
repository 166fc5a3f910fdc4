// How far a listener is: the trial, of how many, and about how long the rest takes.

/** @import { Page } from "./types.js" */

/**
 * @typedef {object} Place
 * @property {number} index of the page, from 0
 * @property {number} count of pages
 * @property {boolean} more whether pages follow that nobody can count yet
 * @property {number | null} trial of the trials, from 1; null on any other page
 * @property {number} trials
 * @property {number | null} minutes that are left; null until a page was rated, from which it is estimated
 */

const OTHER_PAGE_MS = 20_000; // what a page of text or questions takes

/**
 * @param {Page[]} pages
 * @param {number} index
 * @param {boolean} more
 * @returns {Place}
 */
export function placeOf(pages, index, more) {
  const trials = pages.filter(isTrial);
  return {
    index,
    count: pages.length,
    more,
    trial: isTrial(pages[index]) ? trials.indexOf(pages[index]) + 1 : null,
    trials: trials.length,
    minutes: more ? null : minutesLeft(pages, index),
  };
}

/** @param {Page} page */
const isTrial = (page) => page.kind === "trial";

/**
 * @param {Page[]} pages
 * @param {number} index
 */
function minutesLeft(pages, index) {
  const taken = pages
    .filter((page) => page.saved && "stimuli" in page && page.answer)
    .map((page) => page.answer?.time_ms ?? 0);
  if (taken.length === 0) return null;
  const typical = taken.sort((a, b) => a - b)[Math.floor(taken.length / 2)];
  const left = pages.slice(index).map((page) => ("stimuli" in page ? typical : OTHER_PAGE_MS));
  return Math.max(1, Math.round(left.reduce((sum, ms) => sum + ms, 0) / 60_000));
}

/**
 * Whether the answer to a page ends the session: a failed check, if the study says so.
 *
 * @param {Page} page
 */
export function screensOut(page) {
  return "screens_out" in page && page.screens_out && page.answer?.answers[page.type] === "failed";
}
