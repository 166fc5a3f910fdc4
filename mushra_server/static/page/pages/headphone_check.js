// Headphone check: six rounds of three sounds. The result is stored; a listener who fails may try once more and continues.

import {
  createRound,
  INTERVALS,
  passMark,
  ROUNDS,
  SECONDS,
  seededRandom,
} from "../audio/headphones.js";
import { t } from "../i18n.js";
import { present } from "../present.js";
import { fill, h, icon } from "../ui/dom.js";

/** @import { Env, HeadphonePage, Problem, View } from "../types.js" */

const GAP = 0.35; // seconds between the sounds of a round
const ATTEMPTS = 2;

/**
 * @param {HeadphonePage} page
 * @param {Env} env
 * @returns {View}
 */
export function headphoneCheck(page, env) {
  const check = new HeadphoneCheck(page, env);
  return {
    element: check.element,
    ready: true,
    answer: () => ({ answers: check.result() }),
    problem: () => check.problem(),
    dispose: () => check.dispose(),
  };
}

class HeadphoneCheck {
  #page;
  #env;
  /** @type {(() => number) | null} */
  #random = null;
  /** @type {AudioContext | null} */
  #context = null;
  #attempt; // how many were completed
  #round = 0;
  #right = 0;
  /** @type {{ passed: boolean, right: number, attempts: number } | null} */
  #done = null; // {passed, right, attempts} when the check is over
  /** @type {number[]} */
  #timers = [];
  /** @type {HTMLButtonElement | null} */
  #main = null;

  /**
   * @param {HeadphonePage} page
   * @param {Env} env
   */
  constructor(page, env) {
    this.#page = page;
    this.#env = env;
    const before = page.answer?.answers ?? {};
    this.#attempt = Number(before.headphone_check_attempts ?? 0);
    if (before.headphone_check)
      this.#done = {
        passed: before.headphone_check === "passed",
        right: Number(before.headphone_check_correct),
        attempts: this.#attempt,
      };
    this.element = h("div", { class: "headphones" });
    if (this.#done) this.#showResult();
    else if (this.#attempt > 0) this.#showAgain();
    else this.#showIntro();
  }

  /**
   * What is stored; a draft keeps a failed attempt, so that loading the page again gives no further one.
   *
   * @returns {Record<string, string>}
   */
  result() {
    if (!this.#done)
      return this.#attempt > 0 ? { headphone_check_attempts: String(this.#attempt) } : {};
    const { passed, right, attempts } = this.#done;
    return {
      headphone_check: passed ? "passed" : "failed",
      headphone_check_correct: String(right),
      headphone_check_attempts: String(attempts),
      headphone_check_method: this.#page.method,
    };
  }

  /** @returns {Problem | null} */
  problem() {
    return this.#done ? null : { text: t("headphones_missing"), focus: this.#main };
  }

  dispose() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#context?.close();
  }

  #showIntro() {
    this.#main = h("button", {
      type: "button",
      class: "button primary",
      text: t("start"),
      on: { click: () => this.#begin() },
    });
    fill(
      this.element,
      h("p", { text: t("headphones_intro") }),
      h("p", { text: this.#question() }),
      this.#main,
    );
  }

  #question() {
    return t(this.#page.method === "huggins" ? "headphones_tone" : "headphones_softest");
  }

  #begin() {
    this.#context ??= new (window.AudioContext ?? window.webkitAudioContext)();
    this.#context.resume();
    this.#random = seededRandom(`${this.#page.id} ${this.#attempt}`); // other rounds in another attempt
    this.#round = 0;
    this.#right = 0;
    this.#showRound();
  }

  #showRound() {
    const round = createRound(
      this.#page.method,
      present(this.#context).sampleRate,
      present(this.#random),
    );
    const buttons = round.sounds.map((_, n) =>
      h("button", {
        type: "button",
        class: "sound-button",
        disabled: true,
        text: String(n + 1),
        "aria-label": t("choose_sound", { n: n + 1 }),
        on: { click: () => this.#choose(n === round.correct) },
      }),
    );
    this.#main = h(
      "button",
      { type: "button", class: "button large", on: { click: () => this.#play(round, buttons) } },
      icon("play"),
      h("span", { text: t("play") }),
    );
    fill(
      this.element,
      h("p", { class: "step", text: t("round_of", { n: this.#round + 1, count: ROUNDS }) }),
      h("p", { text: this.#question() }),
      this.#main,
      h("div", { class: "sound-row" }, buttons),
    );
    this.#main.focus({ preventScroll: true });
  }

  /**
   * @param {ReturnType<typeof createRound>} round
   * @param {HTMLButtonElement[]} buttons
   */
  #play(round, buttons) {
    const context = present(this.#context);
    const main = present(this.#main);
    main.disabled = true;
    const start = context.currentTime + 0.1;
    round.sounds.forEach((channels, n) => {
      const buffer = context.createBuffer(2, channels[0].length, context.sampleRate);
      channels.forEach((samples, channel) => buffer.copyToChannel(samples, channel));
      const source = context.createBufferSource();
      const gain = context.createGain();
      gain.gain.value = this.#env.volume;
      source.buffer = buffer;
      source.connect(gain).connect(context.destination);
      const at = n * (SECONDS + GAP);
      source.start(start + at);
      this.#later(at, () => buttons[n].classList.add("playing"));
      this.#later(at + SECONDS, () => buttons[n].classList.remove("playing"));
    });
    this.#later(INTERVALS * (SECONDS + GAP), () => {
      main.disabled = false;
      for (const button of buttons) button.disabled = false;
      buttons[0].focus({ preventScroll: true });
    });
  }

  /**
   * @param {number} seconds
   * @param {() => void} action
   */
  #later(seconds, action) {
    this.#timers.push(setTimeout(action, 1000 * seconds + 100));
  }

  /** @param {boolean} right */
  #choose(right) {
    this.#right += right ? 1 : 0;
    this.#round += 1;
    if (this.#round < ROUNDS) {
      this.#showRound();
      return;
    }
    this.#attempt += 1;
    const passed = this.#right >= passMark(this.#page.method);
    if (passed || this.#attempt >= ATTEMPTS) {
      this.#done = { passed, right: this.#right, attempts: this.#attempt };
      this.#showResult();
    } else {
      this.#showAgain();
      this.#main?.focus();
    }
    this.#env.changed();
  }

  #showAgain() {
    this.#main = h("button", {
      type: "button",
      class: "button primary",
      text: t("try_again"),
      on: { click: () => this.#begin() },
    });
    fill(
      this.element,
      h("p", { class: "notice", role: "alert", text: t("headphones_again") }),
      this.#main,
    );
  }

  #showResult() {
    fill(
      this.element,
      h(
        "p",
        { class: "notice good", role: "status" },
        icon("check"),
        h("span", { text: t(this.#done?.passed ? "headphones_passed" : "headphones_done") }),
      ),
    );
  }
}
