// A score slider that is visibly empty until it is first moved.
//
// A native range input carries the meaning for assistive technology and the focus; pointers are read from the track
// itself, so that the slider is vertical or horizontal as the style sheet lays it out, in every browser. A finger that
// lands on a slider may be about to scroll: it sets a score only by a tap, or once it moves along the track.

import { t } from "../i18n.js";
import { present } from "../present.js";
import { h } from "./dom.js";

/** @import { PageScale } from "../types.js" */

const SLOP = 8; // pixels that a finger may move before it does more than tap

/**
 * A touch: where it landed, the score at that time, and whether it moves the score.
 *
 * @typedef {{ x: number, y: number, before: number | null, moving: boolean }} Finger
 */

export class Slider {
  #scale;
  #describe;
  #on;
  #enabled = false;
  /** @type {Finger | null} */
  #finger = null;
  /** @type {number | null} */
  value = null;

  /**
   * @param {Pick<PageScale, "min" | "max" | "step">} scale
   * @param {object} options
   * @param {string} options.name how a screen reader calls it
   * @param {(score: number) => string} options.describe the word that goes with a score
   * @param {number | null} [options.value]
   * @param {(score: number | null) => void} options.change
   * @param {() => void} options.blocked a switched-off slider was pressed
   */
  constructor(scale, { name, describe, value = null, change, blocked }) {
    this.#scale = scale;
    this.#describe = describe;
    this.#on = { change, blocked };
    this.input = h("input", {
      type: "range",
      class: "slider-input",
      min: scale.min,
      max: scale.max,
      step: scale.step,
      "aria-label": name,
      disabled: true,
    });
    this.input.addEventListener("input", () => this.set(Number(this.input.value)));
    this.track = h(
      "span",
      { class: "slider-track" },
      h("span", { class: "slider-fill" }),
      h("span", { class: "slider-thumb" }),
    );
    this.element = h("div", { class: "slider" }, this.input, this.track);
    /**
     * @param {"pointerdown" | "pointermove" | "pointerup" | "pointercancel"} type
     * @param {(event: PointerEvent) => void} act
     */
    const pointer = (type, act) =>
      this.element.addEventListener(type, (event) => event.isPrimary && act(event));
    pointer("pointerdown", (event) => this.#press(event));
    pointer("pointermove", (event) => this.#drag(event));
    pointer("pointerup", (event) => this.#lift(event));
    pointer("pointercancel", () => this.#cancel());
    this.#show(value);
  }

  /** @param {boolean} on */
  set enabled(on) {
    this.#enabled = on;
    this.input.disabled = !on;
    this.element.classList.toggle("enabled", on);
  }

  /**
   * Set a score, as the listener does.
   *
   * @param {number} value
   */
  set(value) {
    const { min, max, step } = this.#scale;
    const steps = Math.round((Math.min(Math.max(value, min), max) - min) / step);
    const rounded = Number(Math.min(max, min + steps * step).toFixed(6));
    this.#change(rounded);
  }

  /**
   * Move by steps; the first move puts an empty slider in the middle.
   *
   * @param {number} steps
   */
  nudge(steps) {
    const { min, max, step } = this.#scale;
    this.set(this.value === null ? (min + max) / 2 : this.value + steps * step);
  }

  /** @param {number | null} value */
  #change(value) {
    if (value === this.value) return;
    this.#show(value);
    this.#on.change(value);
  }

  /** @param {number | null} value */
  #show(value) {
    const { min, max } = this.#scale;
    this.value = value;
    this.element.classList.toggle("untouched", value === null);
    this.input.value = String(value ?? min);
    this.input.setAttribute(
      "aria-valuetext",
      value === null ? t("not_rated") : this.#describe(value),
    );
    this.element.style.setProperty(
      "--at",
      String(value === null ? 0 : (value - min) / (max - min)),
    );
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button !== 0) return;
    if (event.pointerType === "touch")
      this.#finger = { x: event.clientX, y: event.clientY, before: this.value, moving: false };
    else this.#take(event);
  }

  /**
   * Follow a pointer that means this slider: play its sound first, or set the score.
   *
   * @param {PointerEvent} event
   */
  #take(event) {
    if (!this.#enabled) {
      this.#on.blocked();
      return;
    }
    event.preventDefault();
    if (event.type !== "pointerup") this.element.setPointerCapture(event.pointerId);
    this.input.focus({ preventScroll: true });
    this.set(this.#valueAt(event));
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (this.#finger && !this.#finger.moving) {
      const { along, across } = this.#moved(event);
      if (!this.#enabled || along <= SLOP || along <= across) return;
      this.#finger.moving = true;
      this.#take(event);
    } else if (this.#enabled && this.element.hasPointerCapture(event.pointerId))
      this.set(this.#valueAt(event));
  }

  /** @param {PointerEvent} event */
  #lift(event) {
    const finger = this.#finger;
    if (finger && !finger.moving && Math.max(...Object.values(this.#moved(event))) <= SLOP)
      this.#take(event);
    this.#finger = null;
  }

  /** The browser used the finger for scrolling: it was not meant for the score. */
  #cancel() {
    if (this.#finger?.moving) this.#change(this.#finger.before);
    this.#finger = null;
  }

  /**
   * Distance of the finger from where it landed, in pixels along the track and across it.
   *
   * @param {PointerEvent} event
   */
  #moved({ clientX, clientY }) {
    const landed = present(this.#finger);
    const [x, y] = [Math.abs(clientX - landed.x), Math.abs(clientY - landed.y)];
    return this.#upright ? { along: y, across: x } : { along: x, across: y };
  }

  get #upright() {
    const box = this.track.getBoundingClientRect();
    return box.height > box.width;
  }

  /** @param {PointerEvent} event */
  #valueAt(event) {
    const box = this.track.getBoundingClientRect();
    const { min, max } = this.#scale;
    const rightToLeft = getComputedStyle(this.element).direction === "rtl";
    const across = (event.clientX - box.left) / box.width;
    const fraction = this.#upright
      ? (box.bottom - event.clientY) / box.height
      : rightToLeft
        ? 1 - across
        : across;
    return min + Math.min(Math.max(fraction, 0), 1) * (max - min);
  }
}
