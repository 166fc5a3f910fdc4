// What all pages with sounds share: loading with progress, retry after a failure, the note on sample rates.

import { Player } from "../audio/player.js";
import { t } from "../i18n.js";
import { soundsOf } from "../sounds.js";
import { fill, h, icon } from "./dom.js";

/** Build a page once its sounds are decoded; `build(player, loaded)` returns its view; `end()` of that view is called when it is left. */
export function audioPage(page, env, build) {
  const element = h("div", { class: "audio-page" });
  const sounds = soundsOf(page);
  let player = null;
  let disposed = false;
  const view = {
    element,
    ready: false,
    answer: () => ({}),
    problem: () => ({ text: t("loading") }),
    dispose,
  };
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
      loop: page.loop ?? false,
      switchBack: page.switch_back ?? false,
      separate: page.separate ?? false,
      volume: env.volume,
    });
    inner = build(player, loaded);
    Object.assign(view, { ...inner, element, ready: true });
    fill(element, rateNote(loaded), inner.element);
    env.ready();
  }

  load();
  return view;
}

function failure(error, retry) {
  const reason =
    error.reason === "decode"
      ? t("decode_failed")
      : error.reason === "network"
        ? t("network_failed")
        : error.reason;
  return h(
    "div",
    { class: "notice bad", role: "alert" },
    icon("alert"),
    h("p", {
      text: error.label ? t("load_failed", { sound: error.label, reason }) : String(error),
    }),
    h("button", { class: "button", type: "button", text: t("try_again"), on: { click: retry } }),
  );
}

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

function kilohertz(rate) {
  return `${rate / 1000} kHz`;
}
