// One sound, rated on one or more Likert scales (absolute category rating).

import { likertMultiStimulus } from "./likert_multi_stimulus.js";

export function likertSingleStimulus(page, env) {
  return likertMultiStimulus(page, env);
}
