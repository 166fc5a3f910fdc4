// A comment on the sound that plays, or played last.

import { t } from "../i18n.js";
import { h, uniqueId } from "./dom.js";

/**
 * @import { Player } from "../audio/player.js"
 * @import { Stimulus } from "../types.js"
 * @import { Ratings } from "./ratings.js"
 */

export class CommentBox {
  #player;
  #ratings;
  #sounds;
  #attribute;
  /** @type {string | null} */
  #shown = null;

  /**
   * @param {Player} player
   * @param {Ratings} ratings
   * @param {Stimulus[]} sounds
   * @param {string} attribute
   * @param {() => void} changed
   */
  constructor(player, ratings, sounds, attribute, changed) {
    this.#player = player;
    this.#ratings = ratings;
    this.#sounds = sounds;
    this.#attribute = attribute;
    const id = uniqueId("comment");
    this.label = h("label", { for: id });
    this.area = h("textarea", { id, rows: 1, maxlength: 2000 });
    this.area.addEventListener("input", () => {
      if (this.#shown === null) return;
      ratings.comment(this.#shown, attribute, this.area.value.trim());
      changed();
    });
    this.element = h("div", { class: "comment" }, this.label, this.area);
    player.onChange(() => this.update());
    this.update();
  }

  update() {
    const key = this.#player.current;
    const at = this.#sounds.findIndex((sound) => sound.key === key);
    this.element.classList.toggle("idle", at < 0 && this.#shown === null); // keeps its place, so that nothing jumps
    if (key === null || at < 0 || key === this.#shown) return;
    this.#shown = key;
    this.label.textContent = t("comment_on", { sound: t("sound_n", { n: at + 1 }) });
    this.area.value = this.#ratings.commentOf(key, this.#attribute);
  }
}
