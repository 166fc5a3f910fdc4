// Several sounds on one page, each rated on a Likert scale. They may differ in length: each has its own timeline.

import { t } from "../i18n.js";
import { present } from "../present.js";
import { audioPage } from "../ui/audio_page.js";
import { playButton } from "../ui/board.js";
import { h } from "../ui/dom.js";
import { bindKeys } from "../ui/keys.js";
import { likertProblem, likertScale, mayRate, mustEnd, rateRule } from "../ui/likert.js";
import { Ratings } from "../ui/ratings.js";
import { trialKeys } from "../ui/trial_keys.js";

/**
 * @import { Player } from "../audio/player.js"
 * @import { Env, LikertEntry, LikertPage, Point, View } from "../types.js"
 */

/**
 * @param {LikertPage} page
 * @param {Env} env
 * @returns {View}
 */
export function likertMultiStimulus(page, env) {
  return audioPage({ ...page, separate: true }, env, (player) => {
    const ratings = new Ratings(page, player);
    const keys = page.stimuli.map((sound) => sound.key);
    const single = keys.length === 1;
    /** @param {string} key */
    const name = (key) => (single ? t("sound") : String(keys.indexOf(key) + 1));
    const buttons = new Map(keys.map((key, n) => [key, soundButton(key, n, single, player)]));
    const scales = keys.flatMap((key) =>
      page.response.map((points, n) =>
        createScale(page, ratings, env, { key, points, n, label: present(buttons.get(key)).label }),
      ),
    );
    const rows = keys.map((key) =>
      h(
        "div",
        { class: single ? "likert-row single" : "likert-row" },
        present(buttons.get(key)).element,
        h(
          "div",
          { class: "likert-scales" },
          scales.filter((scale) => scale.key === key).map((scale) => scale.control.element),
        ),
      ),
    );
    const rule = rateRule(page);
    const update = () => {
      for (const key of keys)
        present(buttons.get(key)).show({
          playing: player.playing && player.current === key,
          current: player.current === key,
          heard: ratings.heard(key),
          played: player.positionOf(key) / player.secondsOf(key),
        });
      for (const scale of scales) scale.control.enabled = mayRate(page, ratings, scale.key);
    };
    player.onChange(update);
    ratings.onHeard(env.refresh);
    update();
    return {
      element: h(
        "div",
        { class: "trial" },
        rule ? h("p", { class: mustEnd(page) ? "step to-its-end" : "step", text: rule }) : null,
        rows,
      ),
      answer: () => ({ ratings: ratings.toJSON() }),
      problem: () => likertProblem({ page, ratings, keys, buttons, scales, name }),
      end: bindKeys(trialKeys(player, null)),
    };
  });
}

/**
 * @param {string} key
 * @param {number} n
 * @param {boolean} single
 * @param {Player} player
 */
function soundButton(key, n, single, player) {
  const label = single ? t("sound") : t("sound_n", { n: n + 1 });
  return {
    label,
    ...playButton(label, single ? t("play") : String(n + 1), () => player.toggle(key)),
  };
}

/**
 * @param {LikertPage} page
 * @param {Ratings} ratings
 * @param {Env} env
 * @param {{ key: string, points: Point[], n: number, label: string }} scale
 * @returns {LikertEntry}
 */
function createScale(page, ratings, env, { key, points, n, label }) {
  const attribute = page.scales[n].name;
  const several = page.response.length > 1;
  const control = likertScale(points, {
    legend:
      page.scales[n].question ??
      (several
        ? t("question_of", { n: n + 1, count: page.response.length })
        : t("score_of", { sound: label })),
    hideLegend: !several && !page.scales[n].question,
    chosen: ratings.scoreOf(key, attribute),
    onChoose: (value) => {
      ratings.rate(key, attribute, value);
      env.changed();
    },
  });
  return { key, control };
}
