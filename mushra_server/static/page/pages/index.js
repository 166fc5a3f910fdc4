// Page types and the modules that show them.

import { bs1116 } from "./bs1116.js";
import { consent } from "./consent.js";
import { finish } from "./finish.js";
import { generic } from "./generic.js";
import { headphoneCheck } from "./headphone_check.js";
import { likertMultiStimulus } from "./likert_multi_stimulus.js";
import { likertSingleStimulus } from "./likert_single_stimulus.js";
import { mushra } from "./mushra.js";
import { pairedComparison } from "./paired_comparison.js";
import { questionnaire } from "./questionnaire.js";
import { spatial } from "./spatial.js";
import { volume } from "./volume.js";

const PAGES = {
  generic,
  consent,
  volume,
  mushra,
  bs1116,
  paired_comparison: pairedComparison,
  likert_single_stimulus: likertSingleStimulus,
  likert_multi_stimulus: likertMultiStimulus,
  questionnaire,
  headphone_check: headphoneCheck,
  spatial,
  finish,
};

/**
 * Build a page's view: {element, ready, answer(), problem()} and, where a page has several steps,
 * {forward(), back(), hasBack(), nextLabel()}; `dispose()` ends it. `env` is {loader, volume, changed(), ready()}.
 */
export function createPage(page, env) {
  const make = PAGES[page.type] ?? (page.questionnaire ? questionnaire : generic);
  return make(page, env);
}
