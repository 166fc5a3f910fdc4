// Slider tracks as tall as the window allows, so that a trial is seen whole.

import { present } from "../present.js";

const LEAST = 190; // CSS pixels
const MOST = 460; // 12 cm: no slider needs more

/**
 * Fit the tracks of `board` to the window, now and when it changes; returns a function that stops this.
 *
 * @param {HTMLElement} board
 */
export function fitTracks(board) {
  const fit = () => {
    board.style.setProperty("--track", `${LEAST}px`);
    const spare = window.innerHeight - contentHeight();
    board.style.setProperty("--track", `${Math.min(MOST, LEAST + Math.max(0, spare))}px`);
  };
  const frame = requestAnimationFrame(fit);
  window.addEventListener("resize", fit);
  return () => {
    cancelAnimationFrame(frame);
    window.removeEventListener("resize", fit);
  };
}

function contentHeight() {
  const heights = [".head", ".foot", "#main > *"].map((part) => elementAt(part).offsetHeight);
  const style = getComputedStyle(elementAt("#main"));
  const padding = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);
  return heights.reduce((sum, height) => sum + height, padding);
}

/** @param {string} selector */
function elementAt(selector) {
  return /** @type {HTMLElement} */ (present(document.querySelector(selector)));
}
