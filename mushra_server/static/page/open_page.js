// The page that is shown: its view, how long it has been seen, and what a listener is told once before leaving it.

import { uuid4 } from "./api.js";
import { Stopwatch } from "./ui/stopwatch.js";

/** @import { Answer, Page, View } from "./types.js" */

export class OpenPage {
  #page;
  #watch;
  #attempt = uuid4();
  #advised = false;

  /**
   * @param {Page} page
   * @param {View} view
   */
  constructor(page, view) {
    this.#page = page;
    this.#watch = new Stopwatch(page.answer?.time_ms ?? 0);
    this.view = view;
  }

  /** What the listener should know before leaving the page as it is; once. */
  advice() {
    if (this.#advised) return null;
    const advice = this.view.advice?.() ?? null;
    this.#advised = advice !== null;
    return advice;
  }

  /**
   * Take the answer that the page has now.
   *
   * @returns {Answer}
   */
  answer() {
    const answer = {
      attempt: this.#attempt,
      time_ms: this.#watch.elapsed(),
      ratings: [],
      answers: {},
      ...this.view.answer(),
    };
    this.#page.answer = answer;
    return answer;
  }

  close() {
    this.#watch.stop();
    this.view.dispose?.();
  }
}
