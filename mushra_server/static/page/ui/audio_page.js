// What all pages with sounds share: loading with progress, retry after a failure, the note on sample rates.

import { LoadError } from "../audio/loader.js";
import { Player } from "../audio/player.js";
import { t } from "../i18n.js";
import { soundsOf } from "../sounds.js";
import { fill, h, icon } from "./dom.js";

/** @import { Env, Loaded, SoundPage, SoundView, View } from "../types.js" */

/**
 * Build a page once its sounds are decoded.
 *
 * @template {SoundPage} P
 * @param {P & { separate?: boolean }} page
 * @param {Env} env
 * @param {(player: Player, loaded: Loaded) => SoundView} build
 * @returns {View}
 */
export function audioPage(page, env, build) {
  const element = h("div", { class: "audio-page" });
  const sounds = soundsOf(page);
  /** @type {Player | null} */
  let player = null;
  let disposed = false;
  /** @type {View} */
  const view = {
    element,
    ready: false,
    answer: () => ({}),
    problem: () => ({ text: t("loading") }),
    dispose,
  };
  /** @type {SoundView | null} */
  let inner = null;

  function dispose() {
    disposed = true;
    inner?.end?.();
    player?.dispose();
  }

  async function load() {
    const bar = h("progress", { max: 1, value: 0, "aria-label": t("loading") });
    fill(
      element,
      h("div", { class: "loading", role: "status" }, h("p", { text: t("loading") }), bar),
    );
    let loaded;
    try {
      loaded = await env.loader.load(sounds, (done, all) => {
        bar.value = done / all;
      });
    } catch (error) {
      if (!disposed) fill(element, failure(error, load));
      return;
    }
    if (disposed) return;
    player = new Player(loaded, {
      loop: page.loop,
      switchBack: "switch_back" in page && page.switch_back,
      separate: page.separate ?? false,
      volume: env.volume,
    });
    const built = build(player, loaded);
    inner = built;
    Object.assign(view, { ...built, element, ready: true });
    fill(element, rateNote(loaded), built.element);
    env.ready();
  }

  load();
  return view;
}

/**
 * @param {unknown} error
 * @param {() => void} retry
 */
function failure(error, retry) {
  const text =
    error instanceof LoadError
      ? t("load_failed", { sound: error.label, reason: words(error.reason) })
      : String(error);
  return h(
    "div",
    { class: "notice bad", role: "alert" },
    icon("alert"),
    h("p", { text }),
    h("button", { class: "button", type: "button", text: t("try_again"), on: { click: retry } }),
  );
}

/** @param {string} reason */
function words(reason) {
  if (reason === "decode") return t("decode_failed");
  return reason === "network" ? t("network_failed") : reason;
}

/** @param {Loaded} loaded */
function rateNote({ nativeRate, playedRate, mixed }) {
  if (mixed)
    return h("p", {
      class: "notice",
      role: "note",
      text: t("rates_differ", { played: kilohertz(playedRate) }),
    });
  if (nativeRate === null || nativeRate === playedRate) return null;
  return h("p", {
    class: "notice",
    role: "note",
    text: t("rate_changed", { native: kilohertz(nativeRate), played: kilohertz(playedRate) }),
  });
}

/** @param {number} rate */
function kilohertz(rate) {
  return `${rate / 1000} kHz`;
}
