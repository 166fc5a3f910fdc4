// Spatial pages draw a room in three dimensions: webMUSHRA has that page, this one does not.

import { t } from "../i18n.js";
import { h } from "../ui/dom.js";

/** @import { View } from "../types.js" */

/** @returns {View} */
export function spatial() {
  return {
    element: h(
      "p",
      { class: "notice", role: "note" },
      t("spatial_text"),
      " ",
      h("code", { text: "listenable serve --frontend webmushra" }),
    ),
    ready: true,
    answer: () => ({}),
    problem: () => null,
  };
}
