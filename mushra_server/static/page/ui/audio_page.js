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
    const left = h("p", { class: "loading-left" });
    const begun = performance.now();
    const bar = h("progress", { max: 1, value: 0, "aria-label": t("loading") });
    fill(
      element,
      h("div", { class: "loading" }, h("p", { role: "status", text: t("loading") }), bar, left),
    );
    const ticks = setInterval(() => showBytes(left, bar, env.loader.bytesOf(sounds), begun), 250);
    let loaded;
    try {
      loaded = await env.loader.load(sounds, (done, all) => {
        bar.value = Math.max(bar.value, done / all);
      });
    } catch (error) {
      if (!disposed) fill(element, failure(error, load));
      return;
    } finally {
      clearInterval(ticks);
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
 * Show how much has arrived, and how long the rest takes at the rate so far.
 *
 * @param {HTMLElement} left
 * @param {HTMLProgressElement} bar
 * @param {{ loaded: number, total: number } | null} bytes
 * @param {number} begun when the page began to wait, in milliseconds
 */
function showBytes(left, bar, bytes, begun) {
  if (!bytes || bytes.loaded === 0) return;
  const { loaded, total } = bytes;
  bar.value = (0.95 * loaded) / total; // decoding is the rest
  const first = Number((left.dataset.first ??= String(loaded))); // what had arrived before
  const seconds = (performance.now() - begun) / 1000;
  const rest = ((total - loaded) * seconds) / Math.max(loaded - first, 1);
  const text = t("loading_bytes", { loaded: megabytes(loaded), total: megabytes(total) });
  const known = seconds > 1.5 && loaded > first;
  left.textContent = known
    ? `${text} · ${t("loading_left", { seconds: Math.max(1, Math.round(rest)) })}`
    : text;
}

/** @param {number} bytes */
const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

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
