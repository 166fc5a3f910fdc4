// A score slider that is visibly empty until it is first moved.
//
// A native range input carries the meaning for assistive technology and the focus; pointers are read from the track
// itself, so that the slider is vertical or horizontal as the style sheet lays it out, in every browser.

import { t } from "../i18n.js";
import { h } from "./dom.js";

export class Slider {
  #scale;
  #describe;
  #on;
  #enabled = false;
  value = null;

  /**
   * @param scale {min, max, step}
   * @param name how a screen reader calls it
   * @param describe score -> the word that goes with it
   * @param on {change(value), blocked()}; `blocked` when a switched-off slider is pressed
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
    this.element.addEventListener("pointerdown", (event) => this.#press(event));
    this.element.addEventListener("pointermove", (event) => this.#drag(event));
    this.#show(value);
  }

  set enabled(on) {
    this.#enabled = on;
    this.input.disabled = !on;
    this.element.classList.toggle("enabled", on);
  }

  /** Set a score, as the listener does. */
  set(value) {
    const { min, max, step } = this.#scale;
    const steps = Math.round((Math.min(Math.max(value, min), max) - min) / step);
    const rounded = Number(Math.min(max, min + steps * step).toFixed(6));
    if (rounded === this.value) return;
    this.#show(rounded);
    this.#on.change(rounded);
  }

  /** Move by steps; the first move puts an empty slider in the middle. */
  nudge(steps) {
    const { min, max, step } = this.#scale;
    this.set(this.value === null ? (min + max) / 2 : this.value + steps * step);
  }

  #show(value) {
    const { min, max } = this.#scale;
    this.value = value;
    this.element.classList.toggle("untouched", value === null);
    this.input.value = String(value ?? min);
    this.input.setAttribute("aria-valuetext", value === null ? t("not_rated") : this.#describe(value));
    this.element.style.setProperty("--at", String(value === null ? 0 : (value - min) / (max - min)));
  }

  #press(event) {
    if (event.button !== 0) return;
    if (!this.#enabled) {
      this.#on.blocked();
      return;
    }
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.input.focus({ preventScroll: true });
    this.set(this.#valueAt(event));
  }

  #drag(event) {
    if (this.#enabled && this.element.hasPointerCapture(event.pointerId)) this.set(this.#valueAt(event));
  }

  #valueAt(event) {
    const box = this.track.getBoundingClientRect();
    const { min, max } = this.#scale;
    const rightToLeft = getComputedStyle(this.element).direction === "rtl";
    const across = (event.clientX - box.left) / box.width;
    const fraction =
      box.height > box.width ? (box.bottom - event.clientY) / box.height : rightToLeft ? 1 - across : across;
    return min + Math.min(Math.max(fraction, 0), 1) * (max - min);
  }
}
