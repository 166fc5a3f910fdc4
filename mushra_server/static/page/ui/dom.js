// Small helpers that build elements without ever touching innerHTML.

/** @import { Child, Properties } from "../types.js" */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Create an element. Properties: `class`, `text`, `on` (map of listeners), `data` (data attributes);
 * booleans set or leave out an attribute, everything else becomes an attribute as text.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { class: classes, text, on = {}, data = {}, ...attributes } = properties;
  if (classes) element.className = classes;
  if (text) element.textContent = text;
  for (const [type, listener] of Object.entries(on))
    element.addEventListener(type, /** @type {EventListener} */ (listener));
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...shown(children));
  return element;
}

const PATHS = {
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M7.5 5.5h3v13h-3zM13.5 5.5h3v13h-3z",
  loop: "M7 7h9a3 3 0 0 1 3 3v1m0 0-2-2m2 2 2-2M17 17H8a3 3 0 0 1-3-3v-1m0 0 2 2m-2-2-2 2",
  start: "M6 6v12M18 12H9m0 0 4-4m-4 4 4 4",
  check: "m5.5 12.5 4 4 9-9",
  left: "m14 6-6 6 6 6",
  right: "m10 6 6 6-6 6",
  slider: "M4 12h16M10 7v10",
  help: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM9.6 9.6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.2.9-1.2 1.8M12 16.8h.01",
  alert: "M12 4 3 19h18zM12 10v4M12 16.5h.01",
};

/** @typedef {keyof typeof PATHS} IconName */

/** @type {Set<IconName>} */
const FILLED = new Set(["play", "pause"]);

/**
 * A decorative icon that takes the text's colour.
 *
 * @param {IconName} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", FILLED.has(name) ? "icon icon-filled" : "icon");
  return svg;
}

/**
 * Replace the children of an element.
 *
 * @template {Element} Parent
 * @param {Parent} element
 * @param {...Child} children
 * @returns {Parent}
 */
export function fill(element, ...children) {
  element.replaceChildren(...shown(children));
  return element;
}

/**
 * @param {Child[]} children
 * @returns {(Node | string)[]}
 */
function shown(children) {
  return /** @type {(Node | string)[]} */ (children.flat().filter(Boolean));
}

let serial = 0;

/**
 * An id that is unique in this document.
 *
 * @param {string} prefix
 */
export function uniqueId(prefix) {
  serial += 1;
  return `${prefix}-${serial}`;
}
