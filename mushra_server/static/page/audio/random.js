// Draws that follow from a text, so that a check has other rounds in another attempt, and the same after a reload.

import { present } from "../present.js";

/** @import { Random } from "../types.js" */

/**
 * A small seeded generator (mulberry32) of numbers from 0 to 1, seeded by a text.
 *
 * @param {string} text
 */
export function seededRandom(text) {
  let state = 2166136261;
  for (const letter of text) state = Math.imul(state ^ present(letter.codePointAt(0)), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Put items into a drawn order, in place.
 *
 * @template T
 * @param {T[]} items
 * @param {Random} random
 */
export function shuffle(items, random) {
  for (let n = items.length - 1; n > 0; n -= 1) {
    const other = Math.floor(random() * (n + 1));
    [items[n], items[other]] = [items[other], items[n]];
  }
  return items;
}
