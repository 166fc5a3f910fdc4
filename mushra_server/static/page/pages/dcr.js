// DCR (P.800, annex D): the reference and then a sound; how much is it degraded?

import { t } from "../i18n.js";
import { OPEN } from "../sounds.js";
import { scaledPair } from "../ui/scaled_pair.js";

/** @import { ChoicePage, Env, View } from "../types.js" */

/**
 * @param {ChoicePage} page
 * @param {Env} env
 * @returns {View}
 */
export function dcr(page, env) {
  return scaledPair(page, env, {
    sounds: [
      { key: OPEN, name: t("reference"), short: t("reference") },
      { key: page.stimuli[0].key, name: t("second_sound"), short: t("second_sound") },
    ],
    question: t("dcr_question"),
    scores: (grade) => [grade],
  });
}
