// The participant page within the experimenter's preview: the ribbon around the frame says which page to show, and fills
// pages in. Loaded only if the server was started for a preview.

/** @import { Session } from "./session.js" */

const REPORT_MS = 200; // how often the ribbon is sent the page's position

/** @param {Session} session */
export function followRibbon(session) {
  if (window.parent === window) return;
  let reported = "";
  const report = () => {
    const { pages, index } = session.place;
    const place = JSON.stringify({
      index,
      pages: pages.map(({ title, type, kind }) => ({ title, type, kind })),
    });
    if (place !== reported) window.parent.postMessage(place, location.origin);
    reported = place;
  };
  window.addEventListener("message", (event) => {
    if (event.origin !== location.origin || event.source !== window.parent) return;
    const { show, fill, pass } = event.data ?? {};
    if (Number.isInteger(show)) session.jump(show);
    if (fill) fillIn(document.querySelector("main") ?? document.body);
    if (pass) session.pass();
    report();
  });
  setInterval(report, REPORT_MS);
}

/**
 * Answer everything that a page asks through its controls, so that page types need no code for previews.
 *
 * @param {Element} main
 */
function fillIn(main) {
  for (const box of inputs(main, "checkbox")) if (!box.checked) box.click();
  [...main.querySelectorAll("fieldset")].forEach((field, n) => {
    const points = inputs(field, "radio");
    const best = main.querySelector("[data-type=best_worst]"); // its two answers are two sounds
    choose(points[best ? n % points.length : Math.floor(points.length / 2)]);
  });
  const sliders = inputs(main, "range").filter((input) => input.className === "slider-input");
  sliders.forEach((input, n) => {
    const [min, max] = [Number(input.min), Number(input.max)];
    write(input, String(max - ((max - min) * n) / (sliders.length + 1)));
  });
  for (const input of inputs(main, "number")) {
    if (input.className === "loop-time" || input.value !== "") continue;
    const [min, max] = [input.min, input.max].map((edge) => (edge === "" ? 30 : Number(edge)));
    write(input, String(Math.round((min + max) / 2)));
  }
  for (const input of main.querySelectorAll(".question input[type=text], .question textarea"))
    if (/** @type {HTMLInputElement} */ (input).value === "")
      write(/** @type {HTMLInputElement} */ (input), "preview");
}

/**
 * @param {Element} parent
 * @param {string} type
 * @returns {HTMLInputElement[]}
 */
function inputs(parent, type) {
  return [...parent.querySelectorAll("input")].filter((input) => input.type === type);
}

/** @param {HTMLInputElement | undefined} point */
function choose(point) {
  if (!point || point.checked) return;
  point.checked = true;
  point.dispatchEvent(new Event("change", { bubbles: true }));
}

/**
 * @param {HTMLInputElement} input
 * @param {string} value
 */
function write(input, value) {
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}
