// One Likert scale for one sound: named points, of which one is chosen.

import { scaleWord, t } from "../i18n.js";
import { choices } from "./choices.js";
import { h } from "./dom.js";

/** @param points see choices.js; `legend` says what is rated; `onChoose(value)` gets the point's own text. */
export function likertScale(points, { legend, chosen, onChoose, hideLegend = false }) {
  const made = choices(points, {
    chosen: chosen === null ? null : String(chosen),
    words: (point) => (point.label ? scaleWord(point.label) : point.value),
    boxed: true,
    onChoose,
  });
  const element = h(
    "fieldset",
    { class: "likert" },
    h("legend", { class: hideLegend ? "visually-hidden" : null, text: legend }),
    h("div", { class: "choices row" }, made.elements),
  );
  return {
    element,
    first: made.radios[0],
    chosen: made.chosen,
    set enabled(on) {
      element.disabled = !on;
    },
  };
}

/** What a page's rule on playback asks before a sound can be rated, in words; null where it asks nothing. */
export function rateRule(page) {
  if (mustEnd(page)) return t("rate_after_end");
  return page.must_playback === "processUpdate" ? t("rate_after_start") : null;
}

/** Whether a page's rule on playback lets a sound be rated now. */
export function mayRate(page, player, ratings, key) {
  if (mustEnd(page)) return ratings.heardAll(key);
  if (page.must_playback === "processUpdate") return ratings.started(key);
  return true;
}

const mustEnd = (page) => page.must_playback === "ended" || page.must_playback === true;

/** What is still missing: sounds to hear, then points to choose. */
export function likertProblem({ page, ratings, keys, buttons, scales, name }) {
  const unheard = page.must_listen ? keys.filter((key) => !ratings.heard(key)) : [];
  if (unheard.length > 0)
    return {
      text: t("listen_missing", { sounds: unheard.map(name).join(", ") }),
      focus: buttons.get(unheard[0]).element,
    };
  if (!page.must_rate) return null;
  const open = scales.filter((scale) => scale.control.chosen() === null);
  if (open.length === 0) return null;
  const names = new Set(open.map((scale) => name(scale.key)));
  return {
    text: t("rate_missing", { sounds: [...names].join(", ") }),
    focus: open[0].control.first,
  };
}
