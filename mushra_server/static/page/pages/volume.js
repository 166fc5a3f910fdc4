// A sound with which to set the volume of all later pages.

import { t } from "../i18n.js";
import { audioPage } from "../ui/audio_page.js";
import { h, icon, fill, uniqueId } from "../ui/dom.js";
import { bindKeys } from "../ui/keys.js";

/** @import { Env, View, VolumePage } from "../types.js" */

/**
 * @param {VolumePage} page
 * @param {Env} env
 * @returns {View}
 */
export function volume(page, env) {
  const stored = page.answer?.answers?.volume;
  const before = Number(page.answer?.answers?.volume_played_ms ?? 0);
  let played = stored !== undefined;
  let level = Number(stored ?? Math.round(100 * (page.default_volume ?? 1)));
  return audioPage({ ...page, loop: true }, env, (player) => {
    player.engine.volume = level / 100;
    const id = uniqueId("volume");
    const shown = h("output", { class: "score", for: id });
    const input = h("input", {
      id,
      class: "volume-slider",
      type: "range",
      min: 0,
      max: 100,
      step: 1,
      value: level,
    });
    const button = h("button", {
      type: "button",
      class: "button large",
      on: { click: () => player.toggle() },
    });
    const show = () => {
      shown.textContent = `${level} %`;
      input.setAttribute("aria-valuetext", `${level} %`);
    };
    input.addEventListener("input", () => {
      level = Number(input.value);
      player.engine.volume = level / 100;
      show();
      env.changed();
    });
    player.onChange(() => {
      if (player.playing && !played) {
        played = true;
        env.refresh();
      }
      if (button.dataset.playing === String(player.playing)) return;
      button.dataset.playing = String(player.playing);
      fill(
        button,
        icon(player.playing ? "pause" : "play"),
        h("span", { text: player.playing ? t("pause") : t("play") }),
      );
    });
    fill(button, icon("play"), h("span", { text: t("play") }));
    show();
    return {
      element: h(
        "div",
        { class: "volume" },
        button,
        h("label", { for: id, text: t("volume") }),
        input,
        shown,
      ),
      answer: () => ({
        answers: {
          volume: String(level),
          volume_played_ms: String(before + player.listenedMs("sound")),
        },
      }),
      problem: () => (played ? null : { text: t("volume_missing"), focus: button }),
      end: bindKeys({ space: () => player.toggle() }),
    };
  });
}
