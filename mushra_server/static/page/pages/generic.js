// Only text; a questionnaire if the page has one.

import { h } from "../ui/dom.js";
import { questionnaire } from "./questionnaire.js";

/** @import { Env, TextPage, View } from "../types.js" */

/**
 * @param {TextPage} page
 * @param {Env} env
 * @returns {View}
 */
export function generic(page, env) {
  if (page.questionnaire?.length) return questionnaire(page, env);
  return { element: h("div"), ready: true, answer: () => ({}), problem: () => null };
}
