// The scores and comments of one page, as they are stored.

import { OPEN, X } from "../sounds.js";

/**
 * @import { Player } from "../audio/player.js"
 * @import { TextKey } from "../i18n.js"
 * @import { RatedPage, Rating, Score } from "../types.js"
 */

export class Ratings {
  #player;
  #keys;
  #scales;
  /** @type {Map<string, Pick<Rating, "score" | "comment">>} */
  #entries = new Map(); // "key attribute" -> {score, comment}
  /** @type {Map<string, number>} */
  #before = new Map(); // key -> milliseconds listened before the page was loaded again

  /**
   * @param {RatedPage} page
   * @param {Player} player
   */
  constructor(page, player) {
    this.#player = player;
    this.#keys = page.stimuli.map((sound) => sound.key);
    this.#scales = page.scales.map((scale) => scale.name);
    for (const { key, attribute, score, comment, listened_ms: listened } of page.answer?.ratings ??
      []) {
      this.#entries.set(`${key} ${attribute}`, { score: score ?? null, comment: comment ?? null });
      this.#before.set(key, Math.max(listened ?? 0, this.#before.get(key) ?? 0));
    }
    // What the others were compared with was heard if a score was given.
    if ([...this.#entries.values()].some((entry) => entry.score !== null))
      for (const key of [OPEN, X]) this.#before.set(key, Infinity);
  }

  /**
   * @param {string} key
   * @param {string} attribute
   * @param {Score | null} score
   */
  rate(key, attribute, score) {
    this.#entries.set(`${key} ${attribute}`, { ...this.#entry(key, attribute), score });
  }

  /**
   * @param {string} key
   * @param {string} attribute
   * @param {string} text
   */
  comment(key, attribute, text) {
    this.#entries.set(`${key} ${attribute}`, {
      ...this.#entry(key, attribute),
      comment: text || null,
    });
  }

  /**
   * @param {string} key
   * @param {string} attribute
   */
  commentOf(key, attribute) {
    return this.#entry(key, attribute).comment ?? "";
  }

  /**
   * @param {string} key
   * @param {string} attribute
   */
  scoreOf(key, attribute) {
    return this.#entry(key, attribute).score;
  }

  /**
   * Scores of one attribute of a page with sliders: a Map of key to score or null.
   *
   * @param {string} attribute
   */
  scores(attribute) {
    return new Map(this.#keys.map((key) => [key, asNumber(this.#entry(key, attribute).score)]));
  }

  /**
   * Whether a sound was heard, now or before the page was loaded again.
   *
   * @param {string} key
   */
  heard(key) {
    return this.#player.heard(key) || (this.#before.get(key) ?? 0) >= this.#player.enoughMs(key);
  }

  /**
   * What to say of sounds that were not heard: how much of each is enough, unless one of them is shorter than that.
   *
   * @param {string[]} keys
   * @returns {TextKey}
   */
  listenText(keys) {
    const long = keys.every((key) => this.#player.secondsOf(key) >= 1);
    return long && keys.length > 1 ? "listen_missing" : "hear_missing";
  }

  /**
   * Whether a sound was played to its end.
   *
   * @param {string} key
   */
  heardAll(key) {
    return this.#listenedMs(key) >= 1000 * this.#player.secondsOf(key) - 20;
  }

  /**
   * Whether any of a sound was played.
   *
   * @param {string} key
   */
  started(key) {
    return this.#listenedMs(key) > 0;
  }

  /**
   * Call `act` when a sound begins to count as heard, or as heard to its end.
   *
   * @param {() => void} act
   */
  onHeard(act) {
    const read = () =>
      this.#player.keys.map((key) => `${this.heard(key)} ${this.heardAll(key)}`).join();
    let before = read();
    this.#player.onChange(() => {
      const now = read();
      if (now === before) return;
      before = now;
      act();
    });
  }

  /** @returns {Rating[]} */
  toJSON() {
    return this.#keys.flatMap((key) => {
      const listened = this.#listenedMs(key);
      return this.#scales.map((attribute) => ({
        key,
        attribute,
        ...this.#entry(key, attribute),
        listened_ms: listened,
      }));
    });
  }

  /** @param {string} key */
  #listenedMs(key) {
    return (this.#before.get(key) ?? 0) + this.#player.listenedMs(key);
  }

  /**
   * @param {string} key
   * @param {string} attribute
   */
  #entry(key, attribute) {
    return this.#entries.get(`${key} ${attribute}`) ?? { score: null, comment: null };
  }
}

/** @param {Score | null} score */
function asNumber(score) {
  return score === null ? null : Number(score);
}
