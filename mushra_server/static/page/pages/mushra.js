// MUSHRA: all sounds of an item side by side, on one or more scales, one scale after the other.

import { t } from "../i18n.js";
import { OPEN } from "../sounds.js";
import { audioPage } from "../ui/audio_page.js";
import { Board } from "../ui/board.js";
import { fill, h } from "../ui/dom.js";
import { fitTracks } from "../ui/fit.js";
import { bindKeys } from "../ui/keys.js";
import { Ratings } from "../ui/ratings.js";
import { CommentBox } from "../ui/comment.js";
import { trialKeys } from "../ui/trial_keys.js";
import { Transport } from "../ui/transport.js";

/**
 * @import { Player } from "../audio/player.js"
 * @import { TextKey } from "../i18n.js"
 * @import { Env, Loaded, MushraPage, Problem, SoundView, View } from "../types.js"
 */

/**
 * @param {MushraPage} page
 * @param {Env} env
 * @returns {View}
 */
export function mushra(page, env) {
  return audioPage(page, env, (player, loaded) => new Trial(page, env, player, loaded).view());
}

export class Trial {
  #page;
  #env;
  #player;
  #ratings;
  #transport;
  #step = 0;
  /** @type {Board | null} */
  #board = null;
  /** @type {CommentBox | null} */
  #comment = null;
  #stage = h("div", { class: "stage" });
  #unbind;
  /** @type {(() => void) | null} */
  #unfit = null;

  /**
   * @param {MushraPage} page
   * @param {Env} env
   * @param {Player} player
   * @param {Loaded} loaded
   */
  constructor(page, env, player, { buffers }) {
    this.#page = page;
    this.#env = env;
    this.#player = player;
    this.#ratings = new Ratings(page, player);
    this.#transport = new Transport(player, buffers, {
      loop: page.loop,
      waveform: page.show_waveform,
    });
    this.#unbind = bindKeys(trialKeys(player, this.#transport, () => this.#board?.sliders));
    this.#ratings.onHeard(() => env.refresh());
    this.#build();
  }

  /** @returns {SoundView} */
  view() {
    const { scales } = this.#page;
    const last = () => this.#step === scales.length - 1;
    return {
      element: h(
        "div",
        { class: "trial" },
        this.#prediction(),
        this.#transport.element,
        this.#stage,
      ),
      answer: () => ({ ratings: this.#ratings.toJSON() }),
      problem: () => this.#problem(),
      nextLabel: () => (last() ? null : t("next_question")),
      hasBack: () => this.#step > 0,
      forward: () => !last() && this.#go(1),
      back: () => this.#step > 0 && this.#go(-1),
      advice: () => this.#advice(),
      end: () => {
        this.#unbind();
        this.#unfit?.();
        this.#transport.dispose();
      },
    };
  }

  get #scale() {
    return this.#page.scales[this.#step];
  }

  get #keys() {
    return this.#page.stimuli.map((sound) => sound.key);
  }

  /** @param {number} by */
  #go(by) {
    this.#step += by;
    this.#build();
    return true;
  }

  #build() {
    const { scales, allow_comments: comments } = this.#page;
    const scale = this.#scale;
    this.#board = new Board(scale, this.#keys, {
      player: this.#player,
      scores: this.#ratings.scores(scale.name),
      heard: (key) => this.#ratings.heard(key),
      hasOpen: Boolean(this.#page.reference),
      onScore: (key, score) => {
        this.#ratings.rate(key, scale.name, score);
        this.#env.changed();
      },
    });
    this.#comment = comments
      ? new CommentBox(
          this.#player,
          this.#ratings,
          this.#page.stimuli,
          scale.name,
          this.#env.changed,
        )
      : null;
    const count =
      scales.length > 1
        ? h("p", {
            class: "step",
            text: t("question_of", { n: this.#step + 1, count: scales.length }),
          })
        : null;
    const question =
      scale.question && !this.#page.content?.includes(scale.question)
        ? h("p", { class: "scale-question", text: scale.question })
        : null;
    fill(
      this.#stage,
      count || question ? h("div", { class: "asked" }, count, question) : null,
      this.#board.element,
      this.#comment?.element,
    );
    this.#unfit?.();
    this.#unfit = fitTracks(this.#board.element);
  }

  #prediction() {
    const { prediction, content } = this.#page;
    // The author's text may name the class already.
    if (!prediction || content?.toLowerCase().includes(String(prediction).toLowerCase()))
      return null;
    return h(
      "p",
      { class: "prediction" },
      `${t("classifier_heard")} `,
      h("strong", { text: prediction }),
    );
  }

  /** @returns {Problem | null} */
  #problem() {
    const { must_listen: mustListen, must_rate: mustRate, reference } = this.#page;
    const unheard = mustListen
      ? [...(reference ? [OPEN] : []), ...this.#keys].filter((key) => !this.#ratings.heard(key))
      : [];
    if (unheard.length > 0) return this.#missing(this.#ratings.listenText(unheard), unheard);
    const scores = this.#ratings.scores(this.#scale.name);
    const unrated = mustRate ? this.#keys.filter((key) => scores.get(key) === null) : [];
    return unrated.length > 0 ? this.#missing("rate_missing", unrated) : null;
  }

  /** What is worth explaining on a training page before its scores are left behind. */
  #advice() {
    const { kind, reference, best_expected: hidden } = this.#page;
    if (kind !== "training") return null;
    const next = t("next");
    const unheard = [...(reference ? [OPEN] : []), ...this.#keys].filter(
      (key) => !this.#ratings.heard(key),
    );
    if (unheard.length > 0)
      return t("advice_heard", { sounds: this.#names(unheard).join(", "), next });
    const best = this.#scale.max;
    const scores = [...this.#ratings.scores(this.#scale.name).values()];
    return hidden && !scores.includes(best) ? t("advice_best", { best, next }) : null;
  }

  /** @param {string[]} keys */
  #names(keys) {
    return keys.map((key) => (key === OPEN ? t("reference") : String(this.#keys.indexOf(key) + 1)));
  }

  /**
   * @param {TextKey} text
   * @param {string[]} keys
   * @returns {Problem}
   */
  #missing(text, keys) {
    return {
      text: t(text, { sounds: this.#names(keys).join(", ") }),
      focus: this.#board?.buttonOf(keys[0]),
    };
  }
}
