// Keyboard shortcuts of a page. They never take a key away from a text field or a focused control.

import { recall, remember } from "../storage.js";

/** @import { KeyHandlers } from "../types.js" */

const SETTING = "listenable.shortcuts";
/** @type {Record<string, string>} */
const NAMES = {
  " ": "space",
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
  Backspace: "backspace",
};

/** Whether single-key shortcuts are on (WCAG 2.1.4: they can be switched off). */
export function shortcutsOn() {
  return recall(SETTING) !== false;
}

/** @param {boolean} on */
export function setShortcuts(on) {
  remember(SETTING, on);
}

/**
 * Name a key press: "digit:3", "shift+digit:2", "space", "shift+up", "a". Digits go by their place on the
 * keyboard, because some layouts need Shift to type them.
 *
 * @param {KeyboardEvent} event
 */
export function keyName(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code ?? "");
  if (digit) return `${event.shiftKey ? "shift+" : ""}digit:${digit[1]}`;
  if (event.key in NAMES) return `${event.shiftKey ? "shift+" : ""}${NAMES[event.key]}`;
  return event.key;
}

/**
 * Call `handlers[name]` for key presses on this page; returns a function that stops this.
 *
 * @param {KeyHandlers} handlers
 */
export function bindKeys(handlers) {
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.isComposing ||
      event.defaultPrevented
    )
      return;
    if (!shortcutsOn() || document.querySelector("dialog[open]")) return;
    const name = keyName(event);
    const handler = handlers[name];
    if (!handler || belongsTo(event.target, name)) return;
    event.preventDefault();
    handler(event);
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

/**
 * @param {EventTarget | null} target
 * @param {string} name
 */
function belongsTo(target, name) {
  if (!(target instanceof Element)) return false;
  if (target.closest("textarea, select, [contenteditable]")) return true;
  const input = target.closest("input");
  if (input && input.type === "radio") return /space|up|down|left|right/.test(name);
  if (input && input.type !== "range") return true;
  return name === "space" && target.closest("button, a, summary") !== null;
}
