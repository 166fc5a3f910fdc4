// A check of what listeners hear with: rounds of made sounds, each with one right choice. The result is stored; who
// fails may try once more, and then continues either way: the analysis says what follows from it.

import { seededRandom } from "../audio/random.js";
import { t } from "../i18n.js";
import { present } from "../present.js";
import { fill, h, icon } from "./dom.js";

/** @import { CheckKind, CheckPage, CheckRound, Env, Problem, View } from "../types.js" */

const GAP = 0.35; // seconds between the sounds of a round
const ATTEMPTS = 2;

/**
 * @param {CheckPage} page
 * @param {Env} env
 * @param {CheckKind} kind
 * @returns {View}
 */
export function listeningCheck(page, env, kind) {
  const check = new ListeningCheck(page, env, kind);
  return {
    element: check.element,
    ready: true,
    answer: () => ({ answers: check.result() }),
    problem: () => check.problem(),
    dispose: () => check.dispose(),
  };
}

class ListeningCheck {
  #page;
  #env;
  #kind;
  /** @type {Generator<CheckRound, undefined, void> | null} */
  #rounds = null;
  /** @type {AudioContext | null} */
  #context = null;
  #attempt; // how many were made to their end
  #round = 0;
  #right = 0;
  /** @type {{ passed: boolean, right: number, attempts: number } | null} */
  #done = null; // {passed, right, attempts} when the check is over
  /** @type {number[]} */
  #timers = [];
  /** @type {HTMLButtonElement | null} */
  #main = null;

  /**
   * @param {CheckPage} page
   * @param {Env} env
   * @param {CheckKind} kind
   */
  constructor(page, env, kind) {
    this.#page = page;
    this.#env = env;
    this.#kind = kind;
    const before = page.answer?.answers ?? {};
    this.#attempt = Number(before[`${page.type}_attempts`] ?? 0);
    if (before[page.type])
      this.#done = {
        passed: before[page.type] === "passed",
        right: Number(before[`${page.type}_correct`]),
        attempts: this.#attempt,
      };
    this.element = h("div", { class: "listening-check" });
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
    const { type } = this.#page;
    if (!this.#done)
      return this.#attempt > 0 ? { [`${type}_attempts`]: String(this.#attempt) } : {};
    const { passed, right, attempts } = this.#done;
    return {
      [type]: passed ? "passed" : "failed",
      [`${type}_correct`]: String(right),
      [`${type}_attempts`]: String(attempts),
      ...this.#kind.stored,
    };
  }

  /** @returns {Problem | null} */
  problem() {
    return this.#done ? null : { text: t(this.#kind.texts.missing), focus: this.#main };
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
      h("p", { text: t(this.#kind.texts.intro) }),
      h("p", { text: t(this.#kind.texts.question) }),
      this.#main,
    );
  }

  #begin() {
    this.#context ??= new (window.AudioContext ?? window.webkitAudioContext)();
    this.#context.resume();
    const random = seededRandom(`${this.#page.id} ${this.#attempt}`); // other rounds in another attempt
    this.#rounds = this.#kind.createRounds(this.#context.sampleRate, random);
    this.#round = 0;
    this.#right = 0;
    this.#showRound();
  }

  #showRound() {
    const round = present(present(this.#rounds).next().value);
    const choices = round.choices ?? round.sounds.map((_, n) => n + 1);
    const buttons = choices.map((n, place) =>
      h("button", {
        type: "button",
        class: "sound-button",
        disabled: true,
        text: String(n),
        "aria-label": t(round.choices ? "tones_heard" : "choose_sound", { n }),
        on: { click: () => this.#choose(place === round.correct) },
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
      h("p", {
        class: "step",
        text: t("round_of", { n: this.#round + 1, count: this.#kind.rounds }),
      }),
      h("p", { text: t(this.#kind.texts.question) }),
      this.#main,
      h("div", { class: "sound-row" }, buttons),
    );
    this.#main.focus({ preventScroll: true });
  }

  /**
   * @param {CheckRound} round
   * @param {HTMLButtonElement[]} buttons
   */
  #play(round, buttons) {
    const context = present(this.#context);
    const main = present(this.#main);
    main.disabled = true;
    const start = context.currentTime + 0.1;
    let at = 0;
    round.sounds.forEach((channels, n) => {
      const buffer = context.createBuffer(2, channels[0].length, context.sampleRate);
      channels.forEach((samples, channel) => buffer.copyToChannel(samples, channel));
      const source = context.createBufferSource();
      const gain = context.createGain();
      gain.gain.value = this.#env.volume;
      source.buffer = buffer;
      source.connect(gain).connect(context.destination);
      source.start(start + at);
      if (!round.choices) {
        this.#later(at, () => buttons[n].classList.add("playing"));
        this.#later(at + buffer.duration, () => buttons[n].classList.remove("playing"));
      }
      at += buffer.duration + GAP;
    });
    this.#later(at, () => {
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
    if (this.#round < this.#kind.rounds) {
      this.#showRound();
      return;
    }
    this.#attempt += 1;
    const passed = this.#right >= this.#kind.passMark;
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
      h("p", { class: "notice", role: "alert", text: t(this.#kind.texts.again) }),
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
        h("span", { text: t(this.#done?.passed ? this.#kind.texts.passed : "check_done") }),
      ),
    );
  }
}
