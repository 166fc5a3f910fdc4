// Page types and the modules that show them; a session loads those that it needs, at its start.

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
  questionnaire: () => import("./questionnaire.js").then((module) => module.questionnaire),
  headphone_check: () => import("./headphone_check.js").then((module) => module.headphoneCheck),
  spatial: () => import("./spatial.js").then((module) => module.spatial),
  finish: () => import("./finish.js").then((module) => module.finish),
};

const known = (page) => (page.type in MODULES ? page.type : "generic");

/**
 * Load what a session's pages need, all at once, so that a connection that is lost later does no harm. Returns
 * `createPage(page, env)`, which builds a page's view: {element, ready, answer(), problem()} and, where a page has several
 * steps, {forward(), back(), hasBack(), nextLabel()}; `dispose()` ends it. `env` is {loader, volume, changed(), refresh(),
 * ready()}.
 */
export async function loadPageTypes(pages) {
  const types = [...new Set(pages.map(known))];
  const makers = new Map(
    await Promise.all(types.map(async (type) => [type, await MODULES[type]()])),
  );
  return (page, env) => makers.get(known(page))(page, env);
}
