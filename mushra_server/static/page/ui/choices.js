// Named points of which one is chosen: radio buttons, with the pictures that a study may give them.

import { h, uniqueId } from "./dom.js";

/**
 * @param points list of {value, label, picture, picture_chosen, picture_below}; the last three are addresses: of the point
 *   as it stands, when it is the chosen one, and when one further up is
 * @param chosen the value that is chosen at first, or null
 * @param words the text of a point
 * @param boxed whether each point has a frame
 * @param onChoose called with the value that was chosen
 * @returns {elements, radios, chosen()}; one element per point
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

function createPoint(point, name, words, boxed) {
  const radio = h("input", { type: "radio", name, value: point.value });
  const pictures = createPictures(point, words);
  // A picture says the words already, so that they are read out once.
  const text =
    pictures && !point.label ? null : h("span", { text: words, "aria-hidden": pictures && "true" });
  const classes = ["choice", boxed && "boxed", pictures && "pictured"].filter(Boolean).join(" ");
  return {
    radio,
    pictures,
    element: h("label", { class: classes }, radio, pictures?.elements, text),
  };
}

function createPictures({ picture, picture_chosen: chosen, picture_below: below }, alt) {
  const addresses = { plain: picture, chosen: chosen ?? picture, below: below ?? picture };
  const different = [...new Set(Object.values(addresses).filter(Boolean))];
  if (different.length === 0) return null;
  // All are loaded at once: a choice shows at once, also when the connection is lost meanwhile.
  const images = new Map(different.map((src) => [src, h("img", { src, alt, hidden: true })]));
  return {
    elements: [...images.values()],
    show: (state) => {
      for (const [src, image] of images) image.hidden = src !== addresses[state];
    },
  };
}
