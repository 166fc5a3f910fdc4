// What waits until the server has every answer: the next pages, and the end; or until it can take none any more.

import { ApiError } from "./api.js";
import { Outbox } from "./outbox.js";
import { retry } from "./retry.js";

/** @import { Entry, Page } from "./types.js" */

export class Delivery {
  #lost = false; // whether the browser's cookie no longer belongs to this session
  #onLost;

  /**
   * @param {Page[]} pages
   * @param {object} on
   * @param {(unsent: number, offline: boolean) => void} on.change how many pages wait
   * @param {(entry: Entry, error: ApiError) => void} on.refused the server will never take a page
   * @param {(error: ApiError) => void} on.lost nothing more can be stored from here
   */
  constructor(pages, { change, refused, lost }) {
    this.#onLost = lost;
    this.outbox = new Outbox(pages, { change, refused, lost: (error) => this.#lose(error) });
    window.addEventListener("beforeunload", (event) => this.#guard(event));
  }

  /**
   * Do something once the server has every answer; try until it can be reached.
   *
   * @param {() => Promise<void>} act
   * @param {() => boolean} overtaken whether a page was refused meanwhile and is shown again
   */
  async afterAll(act, overtaken) {
    await retry(async () => {
      const sent = await this.outbox.flush();
      if (this.#lost || overtaken()) return true;
      if (!sent) return null;
      try {
        await act();
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (!error.lost) return null;
        this.#lose(error);
      }
      return true;
    });
  }

  /** @param {ApiError} error */
  #lose(error) {
    this.#lost = true;
    this.#onLost(error);
  }

  /** @param {BeforeUnloadEvent} event */
  #guard(event) {
    if (this.#lost || this.outbox.unsent === 0) return;
    event.preventDefault();
    event.returnValue = true; // what older browsers look at
  }
}
