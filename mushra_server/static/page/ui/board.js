// The sounds of a trial side by side: a button that plays each, its slider, its score. Rows on a phone.

import { t } from "../i18n.js";
import { OPEN } from "../sounds.js";
import { h, icon } from "./dom.js";
import { labelPlaces, linePlaces, numberPlaces, spoken, wordFor } from "./scale.js";
import { Slider } from "./slider.js";

/**
 * @import { Player } from "../audio/player.js"
 * @import { PageScale, PlayButton } from "../types.js"
 */

/**
 * A button that plays one sound; icon, bars, text and colour show which one plays.
 *
 * @param {string} label
 * @param {string} short
 * @param {() => void} onClick
 * @returns {PlayButton}
 */
export function playButton(label, short, onClick) {
  const element = h("button", {
    type: "button",
    class: "sound-button",
    "aria-pressed": "false",
    "aria-label": t("play_sound", { sound: label }),
    on: { click: onClick },
  });
  const bars = h("span", { class: "bars", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
  element.append(
    h("span", { class: "sound-name", text: short }),
    h("span", { class: "sound-state", "aria-hidden": "true" }, icon("play"), icon("check"), bars),
  );
  let shown = "";
  return {
    element,
    show({ playing, current, heard, played = null }) {
      if (played !== null) element.style.setProperty("--played", String(played));
      const now = `${playing} ${current} ${heard}`;
      if (now === shown) return; // an attribute that is set again is looked at again
      shown = now;
      element.classList.toggle("playing", playing);
      element.classList.toggle("current", current);
      element.classList.toggle("heard", heard);
      element.setAttribute("aria-pressed", String(playing));
      const state = playing ? t("now_playing") : heard ? t("heard") : t("not_heard");
      element.setAttribute("aria-label", `${t("play_sound", { sound: label })} (${state})`);
    },
  };
}

const MOST_WITH_WORDS = 8; // lanes that have room for a word under each score

/** @typedef {{ key: string, button: PlayButton, slider: Slider, show: (value: number | null, note?: string | null) => void, element: HTMLElement }} Lane */

export class Board {
  /** @type {Lane[]} */
  #lanes;
  #player;
  #heard;

  /**
   * @param {PageScale} scale
   * @param {string[]} keys the sounds to rate, in order
   * @param {object} parts
   * @param {Player} parts.player
   * @param {Map<string, number | null>} parts.scores by key
   * @param {(key: string, score: number | null) => void} parts.onScore
   * @param {(key: string) => boolean} parts.heard whether a sound was heard
   * @param {boolean} parts.hasOpen whether there is a sound that all others are compared with
   */
  constructor(scale, keys, { player, scores, onScore, heard, hasOpen }) {
    this.#player = player;
    this.#heard = heard;
    this.#lanes = keys.map((key, n) => this.#lane(scale, key, n, scores.get(key) ?? null, onScore));
    const axis = h(
      "div",
      { class: "axis", "aria-hidden": "true" },
      labelPlaces(scale).map(({ text, at }) => place(h("span", { text }), at)),
      numberPlaces(scale).map(({ text, at }) => place(h("b", { text }), at)),
    );
    const lines = h(
      "div",
      { class: "lines", "aria-hidden": "true" },
      linePlaces(scale).map((at) => place(h("i"), at)),
    );
    const lanes = h(
      "ol",
      { class: "lanes" },
      this.#lanes.map((lane) => lane.element),
    );
    this.element = h("div", {
      class: keys.length > MOST_WITH_WORDS ? "board many" : "board",
      role: "group",
      "aria-label": scale.question || t("scores"),
    });
    this.element.style.setProperty("--count", String(keys.length));
    this.open = hasOpen
      ? playButton(t("reference"), t("reference"), () => player.toggle(OPEN))
      : null;
    this.open?.element.classList.add("open-sound");
    this.element.append(
      h("div", { class: "side" }, this.open?.element ?? h("span"), axis),
      h("div", { class: "field" }, lines, lanes),
    );
    player.onChange(() => this.update());
    this.update();
  }

  get sliders() {
    return new Map(this.#lanes.map((lane) => [lane.key, lane.slider]));
  }

  /** @param {string} key */
  buttonOf(key) {
    return key === OPEN
      ? this.open?.element
      : this.#lanes.find((lane) => lane.key === key)?.button.element;
  }

  /** Follow the player: what plays, what was heard, which slider may be moved. */
  update() {
    const { current, playing } = this.#player;
    const focused = this.#lanes.find((lane) => lane.slider.input === document.activeElement);
    for (const lane of this.#lanes) {
      const mine = lane.key === current; // also while paused: no other sound has been heard since
      lane.button.show({ playing: mine && playing, current: mine, heard: this.#heard(lane.key) });
      if (lane.element.classList.contains("current") !== mine) {
        lane.element.classList.toggle("current", mine);
        lane.slider.enabled = mine;
        lane.show(lane.slider.value); // removes the note on an earlier press
      }
    }
    // A switched-off slider cannot keep the focus; it moves to the sound that plays now.
    if (focused && focused.key !== current)
      this.sliders.get(current ?? "")?.input.focus({ preventScroll: true });
    this.open?.show({
      playing: current === OPEN && playing,
      current: current === OPEN,
      heard: this.#heard(OPEN),
    });
  }

  /**
   * @param {PageScale} scale
   * @param {string} key
   * @param {number} n
   * @param {number | null} score
   * @param {(key: string, score: number | null) => void} onScore
   * @returns {Lane}
   */
  #lane(scale, key, n, score, onScore) {
    const name = t("sound_n", { n: n + 1 });
    const button = playButton(name, String(n + 1), () => this.#player.toggle(key));
    const readout = h("span", { class: "score", "aria-hidden": "true" });
    /**
     * @param {number | null} value
     * @param {string | null} [note]
     */
    const show = (value, note = null) => {
      const word = note ?? (value === null ? null : wordFor(scale, value));
      readout.classList.toggle("note", note !== null && value === null);
      readout.replaceChildren(
        h("b", { text: value === null ? "–" : String(value) }),
        word ? h("small", { text: word }) : "",
      );
    };
    const slider = new Slider(scale, {
      name: t("score_of", { sound: name }),
      describe: (value) => spoken(scale, value),
      value: score,
      change: (value) => {
        show(value);
        onScore(key, value);
      },
      blocked: () => {
        this.#player.play(key);
        show(slider.value, t("listen_first"));
      },
    });
    show(score);
    return {
      key,
      button,
      slider,
      show,
      element: h("li", { class: "lane" }, button.element, slider.element, readout),
    };
  }
}

/**
 * @template {HTMLElement} E
 * @param {E} element
 * @param {number} at
 */
function place(element, at) {
  element.style.setProperty("--at", String(at));
  return element;
}
