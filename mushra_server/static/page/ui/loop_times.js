// The loop's start and end as numbers that can be typed, for listeners who know where to listen.

import { t } from "../i18n.js";
import { h } from "./dom.js";

/**
 * @import { Player } from "../audio/player.js"
 * @import { Edge } from "../types.js"
 */

export class LoopTimes {
  /** @type {Record<Edge, HTMLInputElement>} */
  #inputs;

  /**
   * @param {Player} player
   * @param {(edge: Edge, seconds: number) => void} setEdge
   */
  constructor(player, setEdge) {
    /** @param {Edge} edge */
    const input = (edge) => {
      const field = h("input", {
        type: "number",
        class: "loop-time",
        inputmode: "decimal",
        min: 0,
        max: player.seconds.toFixed(2),
        step: 0.01,
        "aria-label": t(edge === "start" ? "loop_start" : "loop_end"),
      });
      field.addEventListener("change", () => {
        const seconds = field.valueAsNumber;
        if (Number.isFinite(seconds)) setEdge(edge, Math.min(Math.max(seconds, 0), player.seconds));
        this.#write(edge, player); // what was kept, if it was too long, too short or not a number
      });
      return field;
    };
    this.#inputs = { start: input("start"), end: input("end") };
    this.element = h(
      "span",
      { class: "loop-times" },
      this.#inputs.start,
      h("span", { "aria-hidden": "true", text: "–" }),
      this.#inputs.end,
      h("span", { "aria-hidden": "true", text: "s" }),
    );
  }

  /** @param {Player} player */
  update(player) {
    for (const edge of /** @type {Edge[]} */ (["start", "end"]))
      if (document.activeElement !== this.#inputs[edge]) this.#write(edge, player);
  }

  /**
   * @param {Edge} edge
   * @param {Player} player
   */
  #write(edge, { engine }) {
    this.#inputs[edge].value = (engine.region[edge] / engine.sampleRate).toFixed(2);
  }
}
