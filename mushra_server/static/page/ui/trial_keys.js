// Shortcuts of pages that compare sounds.

import { OPEN, X } from "../sounds.js";

/**
 * @import { Player } from "../audio/player.js"
 * @import { KeyHandlers } from "../types.js"
 * @import { Slider } from "./slider.js"
 * @import { Transport } from "./transport.js"
 */

/**
 * @param {() => Map<string, Slider> | undefined} [sliders] returns the Map of key to Slider, or undefined on a page without sliders
 * @param {Player} player
 * @param {Transport | null} transport
 * @returns {KeyHandlers}
 */
export function trialKeys(player, transport, sliders = () => undefined) {
  const rated = player.keys.filter((key) => key !== OPEN && key !== X);
  /** @type {KeyHandlers} */
  const handlers = {};
  /** @param {string | undefined} key */
  const play = (key) => key !== undefined && player.keys.includes(key) && player.play(key);
  for (let digit = 1; digit <= 9; digit += 1)
    handlers[`digit:${digit}`] = () => play(rated[digit - 1]);
  for (let digit = 0; digit <= 9; digit += 1)
    handlers[`shift+digit:${digit}`] = () => play(rated[9 + digit]);
  const open = () => play(OPEN);
  const toggle = () => player.toggle(null, player.keys.includes(OPEN) ? OPEN : rated[0]);
  /** @param {number} by */
  const neighbour = (by) => () => {
    const at = player.current === null ? -1 : rated.indexOf(player.current);
    play(rated[at < 0 ? (by > 0 ? 0 : rated.length - 1) : (at + by + rated.length) % rated.length]);
  };
  /** @param {number} steps */
  const score = (steps) => () =>
    sliders()
      ?.get(player.current ?? "")
      ?.nudge(steps);
  return {
    ...handlers,
    "digit:0": open,
    r: open,
    x: () => play(X),
    space: toggle,
    left: neighbour(-1),
    right: neighbour(1),
    up: score(1),
    down: score(-1),
    "shift+up": score(10),
    "shift+down": score(-10),
    a: () => transport?.setEdge("start"),
    b: () => transport?.setEdge("end"),
    A: () => transport?.resetEdge("start"),
    B: () => transport?.resetEdge("end"),
  };
}
