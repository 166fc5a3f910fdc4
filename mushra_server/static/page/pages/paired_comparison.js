// Paired comparison: which of two sounds is the same as the open one?

import { t } from "../i18n.js";
import { OPEN, soundsOf } from "../sounds.js";
import { audioPage } from "../ui/audio_page.js";
import { playButton } from "../ui/board.js";
import { h, uniqueId } from "../ui/dom.js";
import { bindKeys } from "../ui/keys.js";
import { Ratings } from "../ui/ratings.js";
import { Transport } from "../ui/transport.js";
import { trialKeys } from "../ui/trial_keys.js";

/**
 * @import { Player } from "../audio/player.js"
 * @import { Env, PairedPage, View } from "../types.js"
 */

const NAMES = ["A", "B", "C", "D"];

/**
 * @param {PairedPage} page
 * @param {Env} env
 * @returns {View}
 */
export function pairedComparison(page, env) {
  return audioPage(page, env, (player, { buffers }) => {
    const ratings = new Ratings(page, player);
    const attribute = page.scales[0].name;
    const keys = page.stimuli.map((sound) => sound.key);
    const transport = new Transport(player, buffers, {
      loop: page.loop,
      waveform: page.show_waveform,
    });
    const buttons = soundsOf(page).map(({ key }) => soundButton(key, keys, player));
    const choices = createChoices(page, ratings, attribute, env.changed);
    const update = () =>
      buttons.forEach(({ key, button }) =>
        button.show({
          playing: player.playing && player.current === key,
          current: player.current === key,
          heard: ratings.heard(key),
        }),
      );
    player.onChange(update);
    update();
    const missing = () =>
      page.must_listen ? buttons.filter(({ key }) => !ratings.heard(key)) : [];
    let told = "";
    player.onChange(() => {
      const now = missing()
        .map(({ key }) => key)
        .join();
      if (now !== told) env.refresh();
      told = now;
    });
    const unbind = bindKeys(trialKeys(player, transport));
    return {
      element: h(
        "div",
        { class: "trial" },
        transport.element,
        h(
          "div",
          { class: "sound-row" },
          buttons.map(({ button }) => button.element),
        ),
        choices.element,
      ),
      answer: () => ({ ratings: ratings.toJSON() }),
      problem: () => {
        const unheard = missing();
        const sounds = unheard.map(({ name }) => name).join(", ");
        if (unheard.length > 0)
          return { text: t("listen_missing", { sounds }), focus: unheard[0].button.element };
        return page.must_rate && choices.value() === null
          ? { text: t("choice_missing"), focus: choices.first }
          : null;
      },
      end: () => {
        unbind();
        transport.dispose();
      },
    };
  });
}

/**
 * @param {string} key
 * @param {string[]} keys
 * @param {Player} player
 */
function soundButton(key, keys, player) {
  const name = key === OPEN ? t("reference") : NAMES[keys.indexOf(key)];
  return { key, name, button: playButton(name, name, () => player.toggle(key)) };
}

/**
 * @param {PairedPage} page
 * @param {Ratings} ratings
 * @param {string} attribute
 * @param {() => void} changed
 */
function createChoices(page, ratings, attribute, changed) {
  const keys = page.stimuli.map((sound) => sound.key);
  const group = uniqueId("pair");
  // The chosen sound scores 1, the other 0; both score one half where the listener cannot say.
  /** @type {{ label: string, scores: number[] }[]} */
  const options = keys.map((key, n) => ({
    label: NAMES[n],
    scores: keys.map((other) => (other === key ? 1 : 0)),
  }));
  if (page.unforced) options.push({ label: page.unforced, scores: keys.map(() => 0.5) });
  const radios = options.map(({ scores }) => {
    const radio = h("input", { type: "radio", name: group });
    radio.checked = keys.every((key, n) => ratings.scoreOf(key, attribute) === scores[n]);
    radio.addEventListener("change", () => {
      keys.forEach((key, n) => ratings.rate(key, attribute, scores[n]));
      changed();
    });
    return radio;
  });
  const question = page.scales[0].question ?? t("pair_question_open");
  return {
    element: h(
      "fieldset",
      { class: "question" },
      h("legend", { text: question }),
      h(
        "div",
        { class: "choices big" },
        radios.map((radio, n) =>
          h("label", { class: "choice boxed" }, radio, h("span", { text: options[n].label })),
        ),
      ),
    ),
    value: () => (radios.some((radio) => radio.checked) ? true : null),
    first: radios[0],
  };
}
