// Consent: a box to tick, whose state is stored.

import { t } from "../i18n.js";
import { h } from "../ui/dom.js";

/** @import { ConsentPage, Env, View } from "../types.js" */

/**
 * @param {ConsentPage} page
 * @param {Env} env
 * @returns {View}
 */
export function consent(page, env) {
  const box = h("input", { type: "checkbox", on: { change: () => env.changed() } });
  box.checked = page.answer?.answers?.consent === "true";
  return {
    element: h("label", { class: "choice boxed" }, box, h("span", { text: t("i_agree") })),
    ready: true,
    answer: () => ({ answers: { consent: String(box.checked) } }),
    problem: () =>
      page.must_consent && !box.checked ? { text: t("consent_missing"), focus: box } : null,
  };
}
