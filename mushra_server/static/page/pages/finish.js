// The last page: its questionnaire. The session sends everything when it is left.

import { questionnaire } from "./questionnaire.js";

export function finish(page, env) {
  return questionnaire(page, env);
}
