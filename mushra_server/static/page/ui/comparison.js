// What pages that compare or choose sounds have in common: a button per sound, and one question.

import { t } from "../i18n.js";
import { present } from "../present.js";
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
 * @import { ChoiceControl, ChoicePage, Env, KeyHandlers, NamedSound, PairedPage, View } from "../types.js"
 */

/**
 * @param {ChoicePage | PairedPage} page
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
        : new Transport(player, buffers, {
            loop: page.loop,
            waveform: page.show_waveform && !inTurn,
          });
    const buttons = sounds.map((sound) => ({
      ...sound,
      button: playButton(sound.name, sound.short, () => player.toggle(sound.key)),
    }));
    const control = ask(ratings, env.changed);
    const missing = () =>
      page.must_listen ? buttons.filter(({ key }) => !ratings.heard(key)) : [];
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
    };
    player.onChange(update);
    ratings.onHeard(env.refresh);
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
          return {
            text: t(ratings.listenText(unheard.map(({ key }) => key)), { sounds: names }),
            focus: unheard[0].button.element,
          };
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
 * @param {KeyHandlers} handlers
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
  /** @type {KeyHandlers} */
  const kept = { space, a: handlers.a, b: handlers.b, A: handlers.A, B: handlers.B };
  buttons.forEach((_, n) => {
    kept[`digit:${n + 1}`] = play(n);
  });
  kept.left = () => play(Math.max(0, at() - 1))();
  kept.right = () => play(Math.min(buttons.length - 1, at() + 1))();
  return kept;
}

/**
 * An answer to a page's question: its name, its words, and the scores that it gives to the page's sounds.
 *
 * @typedef {{ value: string, label: string, scores: number[] }} ScoredAnswer
 */

/**
 * One question with answers, of which one is chosen; what is chosen rates all sounds of the page.
 *
 * @param {ChoicePage | PairedPage} page
 * @param {Ratings} ratings
 * @param {() => void} changed
 * @param {object} parts
 * @param {string} parts.question asked if the page has none
 * @param {ScoredAnswer[]} parts.answers
 * @param {string} [parts.layout] class of the answers: `big` side by side, `stack` below each other
 * @returns {ChoiceControl}
 */
export function choiceQuestion(page, ratings, changed, { question, answers, layout = "big" }) {
  const { name, question: own } = page.scales[0];
  const stored = page.stimuli.map(({ key }) => ratings.scoreOf(key, name));
  const chosen = answers.find(({ scores }) => scores.every((score, n) => score === stored[n]));
  const made = choices(answers, {
    chosen: chosen?.value ?? null,
    words: (point) => point.label ?? point.value,
    boxed: true,
    onChoose: (value) => {
      rateAll(ratings, page, present(answers.find((answer) => answer.value === value)).scores);
      changed();
    },
  });
  return {
    element: h(
      "fieldset",
      { class: "question" },
      h("legend", { text: own ?? question }),
      h("div", { class: `choices ${layout}` }, made.elements),
    ),
    chosen: () => made.chosen() !== null,
    first: made.radios[0],
    missing: t("choice_missing"),
  };
}

/**
 * Rate all sounds of a page.
 *
 * @param {Ratings} ratings
 * @param {ChoicePage | PairedPage} page
 * @param {number[]} scores
 */
export function rateAll(ratings, page, scores) {
  page.stimuli.forEach(({ key }, n) => ratings.rate(key, page.scales[0].name, scores[n]));
}
