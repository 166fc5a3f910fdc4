// The laboratory that asks: its logo, its colour, and where a listener can ask back. Loaded only if a study has one.

import { t } from "./i18n.js";
import { h } from "./ui/dom.js";
import { sanitize } from "./ui/sanitize.js";

/** @import { Lab } from "./types.js" */

export class LabParts {
  #lab;

  /** @param {Lab} lab */
  constructor(lab) {
    this.#lab = lab;
  }

  /** Give buttons and marks the laboratory's colour, in the light and in the dark scheme. */
  useColours() {
    const { colours } = this.#lab;
    if (!colours) return;
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const apply = () => {
      const { accent, ink, soft } = colours[dark.matches ? "dark" : "light"];
      const { style } = document.documentElement;
      style.setProperty("--accent", accent);
      style.setProperty("--accent-ink", ink);
      style.setProperty("--accent-soft", soft);
    };
    dark.addEventListener("change", apply);
    apply();
  }

  /** The logo, with the laboratory's name as its text alternative. */
  logo() {
    const { logo, name } = this.#lab;
    return logo ? h("img", { class: "logo", src: logo, alt: name ?? "" }) : null;
  }

  /** Where to ask about the study. */
  contact() {
    if (!this.#lab.contact) return null;
    const text = h("div", { class: "content" });
    text.append(sanitize(this.#lab.contact));
    return h("section", { class: "contact" }, h("h2", { text: t("contact") }), text);
  }
}
