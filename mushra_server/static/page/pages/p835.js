// P.835: one sound, heard again for each of three questions: the speech, the background, the whole.

import { t } from "../i18n.js";
import { audioPage } from "../ui/audio_page.js";
import { playButton } from "../ui/board.js";
import { fill, h } from "../ui/dom.js";
import { bindKeys } from "../ui/keys.js";
import { likertScale } from "../ui/likert.js";
import { Ratings } from "../ui/ratings.js";
import { trialKeys } from "../ui/trial_keys.js";

/**
 * @import { TextKey } from "../i18n.js"
 * @import { Env, LikertControl, LikertPage, View } from "../types.js"
 */

/** @type {Record<string, TextKey>} */
const QUESTIONS = {
  sig: "p835_sig_question",
  bak: "p835_bak_question",
  ovrl: "p835_ovrl_question",
};

/** @param {LikertPage} page */
export const isP835 = (page) => page.scales.every((scale) => scale.name in QUESTIONS);

/**
 * @param {LikertPage} page
 * @param {Env} env
 * @returns {View}
 */
export function p835(page, env) {
  return audioPage({ ...page, separate: true }, env, (player) => {
    const ratings = new Ratings(page, player);
    const { key } = page.stimuli[0];
    const button = playButton(t("sound"), t("play"), () => player.toggle(key));
    const stage = h("div", { class: "stage" });
    const count = page.scales.length;
    let step = 0;
    let listenedBefore = 0; // milliseconds when the question was asked
    /** @type {LikertControl} */
    let control;
    const attribute = () => page.scales[step].name;
    const heard = () =>
      ratings.scoreOf(key, attribute()) !== null ||
      player.listenedMs(key) - listenedBefore >= player.enoughMs(key);
    let heardShown = false;
    const update = () => {
      button.show({
        playing: player.playing,
        current: player.current === key,
        heard: heard(),
        played: player.positionOf(key) / player.secondsOf(key),
      });
      if (heard() !== heardShown) env.refresh();
      heardShown = heard();
    };
    const ask = () => {
      listenedBefore = player.listenedMs(key);
      control = likertScale(page.response[step], {
        legend: t(QUESTIONS[attribute()]),
        chosen: ratings.scoreOf(key, attribute()),
        onChoose: (value) => {
          ratings.rate(key, attribute(), value);
          env.changed();
          update();
        },
      });
      fill(
        stage,
        h("p", { class: "step", text: t("question_of", { n: step + 1, count }) }),
        control.element,
      );
      update();
    };
    const go = (/** @type {number} */ by) => {
      player.pause();
      player.seek(0); // each question is asked of the whole sound
      step += by;
      ask();
      return true;
    };
    player.onChange(update);
    ask();
    return {
      element: h(
        "div",
        { class: "trial" },
        h("div", { class: "likert-row single" }, button.element, stage),
      ),
      answer: () => ({ ratings: ratings.toJSON() }),
      problem: () => {
        if (page.must_listen && !heard())
          return {
            text: t(ratings.listenText([key]), { sounds: t("sound") }),
            focus: button.element,
          };
        return page.must_rate && control.chosen() === null
          ? { text: t("choice_missing"), focus: control.first }
          : null;
      },
      nextLabel: () => (step === count - 1 ? null : t("next_question")),
      hasBack: () => step > 0,
      forward: () => step < count - 1 && go(1),
      back: () => step > 0 && go(-1),
      end: bindKeys(trialKeys(player, null)),
    };
  });
}
