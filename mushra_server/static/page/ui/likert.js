// One Likert scale for one sound: named points, of which one is chosen.

import { scaleWord, t } from "../i18n.js";
import { h, uniqueId } from "./dom.js";

/** @param points list of {value, label}; `legend` says what is rated; `onChoose(value)` gets the point's own text. */
export function likertScale(points, { legend, chosen, onChoose, hideLegend = false }) {
  const name = uniqueId("likert");
  const radios = points.map((point) => {
    const radio = h("input", { type: "radio", name, value: point.value, on: { change: () => onChoose(point.value) } });
    radio.checked = chosen !== null && String(chosen) === point.value;
    return radio;
  });
  const labels = points.map((point, n) =>
    h(
      "label",
      { class: "choice boxed" },
      radios[n],
      h("span", { text: point.label ? scaleWord(point.label) : point.value }),
    ),
  );
  const element = h(
    "fieldset",
    { class: "likert" },
    h("legend", { class: hideLegend ? "visually-hidden" : null, text: legend }),
    h("div", { class: "choices row" }, labels),
  );
  return {
    element,
    first: radios[0],
    chosen: () => radios.find((radio) => radio.checked)?.value ?? null,
    set enabled(on) {
      element.disabled = !on;
    },
  };
}

/** Whether a page's rule on playback lets a sound be rated now. */
export function mayRate(page, player, ratings, key) {
  if (page.must_playback === "ended" || page.must_playback === true) return ratings.heardAll(key);
  if (page.must_playback === "processUpdate") return ratings.started(key);
  return true;
}

/** What is still missing: sounds to hear, then points to choose. */
export function likertProblem({ page, ratings, keys, buttons, scales, name }) {
  const unheard = page.must_listen ? keys.filter((key) => !ratings.heard(key)) : [];
  if (unheard.length > 0)
    return {
      text: t("listen_missing", { sounds: unheard.map(name).join(", ") }),
      focus: buttons.get(unheard[0]).element,
    };
  if (!page.must_rate) return null;
  const open = scales.find((scale) => scale.control.chosen() === null);
  return open ? { text: t("rate_missing", { sounds: name(open.key) }), focus: open.control.first } : null;
}
