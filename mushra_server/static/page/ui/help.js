// The help sheet: what can be pressed, the keyboard, and the link that continues a session on another device.

import { t } from "../i18n.js";
import { fill, h, icon } from "./dom.js";
import { setShortcuts, shortcutsOn } from "./keys.js";

/**
 * @import { TextKey } from "../i18n.js"
 * @import { IconName } from "./dom.js"
 */

const SOUNDS = ".sound-button";
const LOOP = ".loop-time";
const NO_REFERENCE = "!.open-sound";

// Each with the icon that the page uses for it, and what a page has ("!": has not) for which it is true.
/** @type {[IconName, TextKey, string][]} */
const BASICS = [
  ["play", "help_play", ".open-sound"],
  ["play", "help_play_sounds", NO_REFERENCE],
  ["check", "help_heard", "!.to-its-end"],
  ["slider", "help_score", ".slider"],
  ["loop", "help_loop", LOOP],
];

/** @type {[string[], TextKey, string][]} */
const RATING_KEYS = [
  [["1", "…", "9"], "key_sounds", SOUNDS],
  [["shift", "0", "…", "9"], "key_more_sounds", ".lane:nth-child(10)"],
  [["0", "R"], "key_open", ".open-sound"],
  [["X"], "key_x", "[data-type=abx]"],
  [["space"], "key_toggle", "article"],
  [["←", "→"], "key_neighbours", "!.single"],
  [["↑", "↓"], "key_score", ".slider"],
  [["shift", "↑", "↓"], "key_score_fast", ".slider"],
  [["A", "B"], "key_loop", LOOP],
  [["shift", "A", "B"], "key_loop_reset", LOOP],
  [["?"], "key_help", "article"],
];

/**
 * How a key is called: a word, or the sign on it.
 *
 * @param {string} key
 */
function keyWord(key) {
  return key === "shift" || key === "space" ? t(`name_${key}`) : key;
}

export class Help {
  /** @type {[HTMLElement, string][]} */
  #parts = []; // what is said, each with what a page has for which it is true

  /**
   * @param {string} resume
   * @param {HTMLElement | null} [contact] where to ask about the study
   */
  constructor(resume, contact = null) {
    this.button = h(
      "button",
      {
        class: "button icon-only",
        type: "button",
        "aria-label": t("help"),
        title: `${t("help")} (?)`,
        on: { click: () => this.open() },
      },
      icon("help"),
    );
    const title = h("h2", { id: "help-title", tabindex: "-1", autofocus: true, text: t("help") });
    this.dialog = h(
      "dialog",
      { class: "sheet", "aria-labelledby": "help-title" },
      h("div", { class: "sheet-head" }, title, this.#close()),
      this.#basics(),
      this.#keyboard(),
      this.#resume(resume),
      contact,
    );
    this.dialog.addEventListener(
      "click",
      (event) => event.target === this.dialog && this.dialog.close(),
    );
    document.addEventListener("keydown", (event) => {
      const typing =
        event.target instanceof Element &&
        event.target.closest("input:not([type=range], [type=radio], [type=checkbox]), textarea");
      if (event.key === "?" && !typing && shortcutsOn()) this.toggle();
    });
  }

  /** On a page that plays sounds, say what is true of it; elsewhere what may be true of those that follow. */
  open() {
    const main = document.getElementById("main");
    const plays = Boolean(main?.querySelector(SOUNDS));
    /**
     * @param {string} needed
     * @returns {boolean}
     */
    const has = (needed) =>
      needed.startsWith("!") ? !has(needed.slice(1)) : Boolean(main?.querySelector(needed));
    for (const [part, needed] of this.#parts)
      part.hidden = plays ? !has(needed) : needed === NO_REFERENCE;
    this.dialog.showModal();
  }

  toggle() {
    if (this.dialog.open) this.dialog.close();
    else this.open();
  }

  #basics() {
    const words = { reference: t("reference"), whole: t("loop_all") };
    const lines = BASICS.map(([name, text, needed]) =>
      this.#part(h("li", {}, icon(name), h("span", { text: t(text, words) })), needed),
    );
    return h("ul", { class: "basics" }, lines);
  }

  /** Folded away on touch screens, which rarely have a keyboard. */
  #keyboard() {
    const open = !window.matchMedia("(pointer: coarse)").matches;
    const summary = h("summary", { text: t("keyboard") });
    return h("details", { class: "keyboard", open }, summary, this.#keys(), this.#switch());
  }

  #keys() {
    const rows = RATING_KEYS.map(([keys, text, needed]) => {
      const names = keys.map((key) => (key === "…" ? "… " : h("kbd", { text: keyWord(key) })));
      const row = h("tr", {}, h("th", { scope: "row" }, names), h("td", { text: t(text) }));
      return this.#part(row, needed);
    });
    return h("table", { class: "key-table" }, h("tbody", {}, rows));
  }

  /**
   * @template {HTMLElement} E
   * @param {E} part
   * @param {string} needed
   */
  #part(part, needed) {
    this.#parts.push([part, needed]);
    return part;
  }

  #switch() {
    const box = h("input", { type: "checkbox", on: { change: () => setShortcuts(box.checked) } });
    box.checked = shortcutsOn();
    return h("label", { class: "choice" }, box, h("span", { text: t("shortcuts_on") }));
  }

  /** @param {string} resume */
  #resume(resume) {
    if (!resume) return null;
    const field = h("input", {
      type: "text",
      readonly: true,
      id: "resume-link",
      value: new URL(resume, document.baseURI).href,
    });
    const copy = h("button", {
      class: "button",
      type: "button",
      text: t("copy"),
      on: { click: () => this.#copy(field, copy) },
    });
    return h(
      "div",
      { class: "resume" },
      h("label", { for: "resume-link", text: t("resume_label") }),
      h("div", { class: "copy-row" }, field, copy),
    );
  }

  /**
   * @param {HTMLInputElement} field
   * @param {HTMLButtonElement} button
   */
  async #copy(field, button) {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value); // only over https
    } catch {
      document.execCommand("copy");
    }
    fill(button, t("copied"));
  }

  #close() {
    return h("button", {
      class: "button",
      type: "button",
      text: t("close"),
      on: { click: () => this.dialog.close() },
    });
  }
}
