// Named points, one of which is chosen: radio buttons, with the pictures that a study may give them.

import { h, uniqueId } from "./dom.js";

/** @import { Point } from "../types.js" */

/**
 * @param {Point[]} points
 * @param {object} options
 * @param {string | null} options.chosen the value that is chosen at first
 * @param {(point: Point) => string} options.words the text of a point
 * @param {(value: string) => void} options.onChoose called with the value that was chosen
 * @param {boolean} [options.boxed] whether each point has a frame
 */
export function choices(points, { chosen, words, boxed, onChoose }) {
  const name = uniqueId("choice");
  const made = points.map((point) => createPoint(point, name, words(point), boxed));
  const radios = made.map(({ radio }) => radio);
  const show = () => {
    const at = radios.findIndex((radio) => radio.checked);
    made.forEach(({ pictures }, n) =>
      pictures?.show(n === at ? "chosen" : n < at ? "below" : "plain"),
    );
  };
  for (const radio of radios) {
    radio.checked = radio.value === chosen;
    radio.addEventListener("change", () => {
      show();
      onChoose(radio.value);
    });
  }
  show();
  return {
    elements: made.map(({ element }) => element),
    radios,
    chosen: () => radios.find((radio) => radio.checked)?.value ?? null,
  };
}

/**
 * @param {Point} point
 * @param {string} name
 * @param {string} words
 * @param {boolean} [boxed]
 */
function createPoint(point, name, words, boxed) {
  const radio = h("input", { type: "radio", name, value: point.value });
  const pictures = createPictures(point, words);
  // The picture's text alternative has the words already: a screen reader reads them once.
  const text =
    pictures && !point.label ? null : h("span", { text: words, "aria-hidden": pictures && "true" });
  const classes = ["choice", boxed && "boxed", pictures && "pictured"].filter(Boolean).join(" ");
  return {
    radio,
    pictures,
    element: h(
      "label",
      { class: classes },
      radio,
      pictures?.elements,
      numberOf(point, boxed),
      text,
    ),
  };
}

/**
 * The number of a point that has a word: a listener sees both.
 *
 * @param {Point} point
 * @param {boolean} [boxed]
 */
function numberOf({ value, label }, boxed) {
  const shown = boxed && label && label !== value && /^-?\d+$/.test(value);
  return shown ? h("b", { class: "choice-number", text: value.replace("-", "−") }) : null;
}

/**
 * @param {Point} point
 * @param {string} alt
 */
function createPictures({ picture, picture_chosen: chosen, picture_below: below }, alt) {
  const addresses = { plain: picture, chosen: chosen ?? picture, below: below ?? picture };
  const different = [...new Set(Object.values(addresses).filter(Boolean))];
  if (different.length === 0) return null;
  // All are loaded at the start, so that a choice shows at once even if the connection has been lost.
  const images = new Map(different.map((src) => [src, h("img", { src, alt, hidden: true })]));
  return {
    elements: [...images.values()],
    /** @param {keyof typeof addresses} state */
    show: (state) => {
      for (const [src, image] of images) image.hidden = src !== addresses[state];
    },
  };
}
