// What pages have in common on which sounds are compared or chosen: a button per sound, and one question.

import { t } from "../i18n.js";
import { audioPage } from "./audio_page.js";
import { playButton } from "./board.js";
import { choices } from "./choices.js";
import { h } from "./dom.js";
import { bindKeys } from "./keys.js";
import { Ratings } from "./ratings.js";
import { Transport } from "./transport.js";
import { trialKeys } from "./trial_keys.js";

/**
 * @import { Player } from "../audio/player.js"
 * @import { ChoiceControl, ChoicePage, Env, NamedSound, Point, View } from "../types.js"
 */

/**
 * @param {ChoicePage} page
 * @param {Env} env
 * @param {object} kind
 * @param {NamedSound[]} kind.sounds in the order of their buttons
 * @param {boolean} [kind.inTurn] whether they are heard one after the other, each from its beginning
 * @param {(ratings: Ratings, changed: () => void) => ChoiceControl} kind.ask
 * @returns {View}
 */
export function comparisonPage(page, env, { sounds, inTurn = false, ask }) {
  return audioPage({ ...page, separate: inTurn }, env, (player, { buffers }) => {
    const ratings = new Ratings(page, player);
    // Sounds in turn have their own positions, shown on their buttons: only a loop needs the timeline.
    const transport =
      inTurn && !page.loop
        ? null
        : new Transport(player, buffers, { loop: page.loop, waveform: false });
    const buttons = sounds.map((sound) => ({
      ...sound,
      button: playButton(sound.name, sound.short, () => player.toggle(sound.key)),
    }));
    const control = ask(ratings, env.changed);
    const missing = () =>
      page.must_listen ? buttons.filter(({ key }) => !ratings.heard(key)) : [];
    let told = "";
    const update = () => {
      buttons.forEach(({ key, button }, n) => {
        button.show({
          playing: player.playing && player.current === key,
          current: player.current === key,
          heard: ratings.heard(key),
          played: inTurn ? player.positionOf(key) / player.secondsOf(key) : null,
        });
        const early = inTurn && page.must_listen && n > 0 && !ratings.heard(buttons[n - 1].key);
        button.element.disabled = early;
      });
      const now = missing()
        .map(({ key }) => key)
        .join();
      if (now !== told) env.refresh();
      told = now;
    };
    player.onChange(update);
    update();
    const keys = trialKeys(player, transport);
    const unbind = bindKeys(inTurn ? onlyEnabled(keys, buttons, player) : keys);
    return {
      element: h(
        "div",
        { class: "trial" },
        transport?.element,
        h(
          "div",
          { class: inTurn ? "sound-row in-turn" : "sound-row" },
          buttons.map(({ button }) => button.element),
        ),
        control.element,
      ),
      answer: () => ({ ratings: ratings.toJSON() }),
      problem: () => {
        const unheard = missing();
        const names = unheard.map(({ short }) => short).join(", ");
        if (unheard.length > 0)
          return { text: t("listen_missing", { sounds: names }), focus: unheard[0].button.element };
        const open = page.must_rate ? !control.chosen() : control.partial?.();
        return open ? { text: control.missing, focus: control.first } : null;
      },
      end: () => {
        unbind();
        transport?.dispose();
      },
    };
  });
}

/**
 * Shortcuts that pass over a sound whose turn has not come.
 *
 * @param {import("../types.js").KeyHandlers} handlers
 * @param {{ key: string, button: { element: HTMLButtonElement } }[]} buttons
 * @param {Player} player
 */
function onlyEnabled(handlers, buttons, player) {
  const play = (/** @type {number} */ n) => () => {
    const { key, button } = buttons[n];
    if (!button.element.disabled) player.play(key);
  };
  const at = () => buttons.findIndex(({ key }) => key === player.current);
  const { space } = handlers;
  /** @type {import("../types.js").KeyHandlers} */
  const kept = { space, a: handlers.a, b: handlers.b, A: handlers.A, B: handlers.B };
  buttons.forEach((_, n) => {
    kept[`digit:${n + 1}`] = play(n);
  });
  kept.left = () => play(Math.max(0, at() - 1))();
  kept.right = () => play(Math.min(buttons.length - 1, at() + 1))();
  return kept;
}

/**
 * One question with answers, of which one is chosen.
 *
 * @param {object} parts
 * @param {string} parts.question
 * @param {Point[]} parts.points
 * @param {string | null} parts.chosen the value that is chosen at first
 * @param {(value: string) => void} parts.onChoose
 * @param {string} [parts.layout] class of the answers: `big` side by side, `stack` below each other
 * @returns {ChoiceControl}
 */
export function choiceQuestion({ question, points, chosen, onChoose, layout = "big" }) {
  const made = choices(points, {
    chosen,
    words: (point) => point.label ?? point.value,
    boxed: true,
    onChoose,
  });
  return {
    element: h(
      "fieldset",
      { class: "question" },
      h("legend", { text: question }),
      h("div", { class: `choices ${layout}` }, made.elements),
    ),
    chosen: () => made.chosen() !== null,
    first: made.radios[0],
    missing: t("choice_missing"),
  };
}

/**
 * The value whose scores the sounds of a page have; null if none.
 *
 * @param {Ratings} ratings
 * @param {ChoicePage} page
 * @param {Record<string, number[]>} answers scores of the page's sounds by value
 */
export function chosenAnswer(ratings, page, answers) {
  const scores = page.stimuli.map(({ key }) => ratings.scoreOf(key, page.scales[0].name));
  const found = Object.entries(answers).find(([, each]) => each.every((s, n) => s === scores[n]));
  return found ? found[0] : null;
}

/**
 * Rate all sounds of a page.
 *
 * @param {Ratings} ratings
 * @param {ChoicePage} page
 * @param {number[]} scores
 */
export function rateAll(ratings, page, scores) {
  page.stimuli.forEach(({ key }, n) => ratings.rate(key, page.scales[0].name, scores[n]));
}
