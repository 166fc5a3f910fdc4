// Texts of the interface. `t("key", {name: value})` fills {name}.

import english from "./i18n/en.js";

/** @typedef {keyof typeof english} TextKey */

export const LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "zh", "ja"];

/** @type {Record<string, string>} */
let texts = english;

/**
 * Choose a language by its tag ("de", "pt-BR"); one that we do not speak becomes English.
 *
 * @param {string} tag
 */
export async function setLanguage(tag) {
  const wanted = String(tag ?? "")
    .toLowerCase()
    .split(/[-_]/)[0];
  const language = LANGUAGES.includes(wanted) ? wanted : "en";
  texts = language === "en" ? english : (await import(`./i18n/${language}.js`)).default;
  document.documentElement.lang = language;
  return language;
}

/**
 * The text of `key` in the chosen language.
 *
 * @param {TextKey} key
 * @param {Record<string, unknown>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const text = texts[key] ?? english[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) =>
    name in values ? String(values[name]) : whole,
  );
}

/**
 * The scale words of the standards are translated; a study's own labels stay as written.
 *
 * @param {string} label
 */
export function scaleWord(label) {
  const key = `scale_${String(label)
    .toLowerCase()
    .replace(/[^a-z]+/g, "_")}`;
  return key in english ? t(/** @type {TextKey} */ (key)) : String(label);
}
