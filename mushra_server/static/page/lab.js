// The laboratory that asks: its logo, its colour, and where a listener can ask back.

import { t } from "./i18n.js";
import { h } from "./ui/dom.js";
import { sanitize } from "./ui/sanitize.js";

/** @import { Lab } from "./types.js" */

/**
 * Let buttons and marks have the laboratory's colour, in the light and in the dark scheme.
 *
 * @param {Lab | null} lab
 */
export function useColours(lab) {
  if (!lab?.colours) return;
  const { colours } = lab;
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

/**
 * The logo, with the laboratory's name as its text alternative.
 *
 * @param {Lab | null} lab
 */
export function createLogo(lab) {
  if (!lab?.logo) return null;
  return h("img", { class: "logo", src: lab.logo, alt: lab.name ?? "" });
}

/**
 * Where to ask about the study.
 *
 * @param {Lab | null} lab
 */
export function createContact(lab) {
  if (!lab?.contact) return null;
  const text = h("div", { class: "content" });
  text.append(sanitize(lab.contact));
  return h("section", { class: "contact" }, h("h2", { text: t("contact") }), text);
}
