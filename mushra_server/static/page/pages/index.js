// Page types and the modules that show them; a session loads those that it needs, at its start.

import { present } from "../present.js";

/**
 * @import { Env, Page, View } from "../types.js"
 * @typedef {(page: Page, env: Env) => View} Maker
 */

const MODULES = {
  generic: () => import("./generic.js").then((module) => module.generic),
  consent: () => import("./consent.js").then((module) => module.consent),
  volume: () => import("./volume.js").then((module) => module.volume),
  mushra: () => import("./mushra.js").then((module) => module.mushra),
  bs1116: () => import("./bs1116.js").then((module) => module.bs1116),
  paired_comparison: () =>
    import("./paired_comparison.js").then((module) => module.pairedComparison),
  likert_single_stimulus: () =>
    import("./likert_single_stimulus.js").then((module) => module.likertSingleStimulus),
  likert_multi_stimulus: () =>
    import("./likert_multi_stimulus.js").then((module) => module.likertMultiStimulus),
  ab: () => import("./ab.js").then((module) => module.ab),
  abx: () => import("./abx.js").then((module) => module.abx),
  ccr: () => import("./ccr.js").then((module) => module.ccr),
  dcr: () => import("./dcr.js").then((module) => module.dcr),
  best_worst: () => import("./best_worst.js").then((module) => module.bestWorst),
  questionnaire: () => import("./questionnaire.js").then((module) => module.questionnaire),
  headphone_check: () => import("./headphone_check.js").then((module) => module.headphoneCheck),
  hearing_check: () => import("./hearing_check.js").then((module) => module.hearingCheck),
  environment_check: () =>
    import("./environment_check.js").then((module) => module.environmentCheck),
  finish: () => import("./finish.js").then((module) => module.finish),
};

/**
 * The page type as which a page is shown.
 *
 * @param {Page} page
 * @returns {keyof typeof MODULES}
 */
const known = (page) => (page.type in MODULES ? page.type : "generic");

/**
 * Load what a session's pages need, all at once, so that losing the connection later does no harm: every type if pages
 * follow that nobody knows yet. Returns `createPage(page, env)`, which builds a page's view.
 *
 * @param {Page[]} pages
 * @param {boolean} more whether pages follow that depend on the answers
 * @returns {Promise<Maker>}
 */
export async function loadPageTypes(pages, more) {
  const every = /** @type {(keyof typeof MODULES)[]} */ (Object.keys(MODULES));
  const types = more ? every : [...new Set(pages.map(known))];
  /** @type {Map<string, Maker>} */
  const makers = new Map();
  // Each maker is called only with pages of its own type, which the type checker cannot see.
  const load = async (/** @type {keyof typeof MODULES} */ type) =>
    makers.set(type, /** @type {Maker} */ (await MODULES[type]()));
  await Promise.all(types.map(load));
  return (page, env) => present(makers.get(known(page)))(page, env);
}
