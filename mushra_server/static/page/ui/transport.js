// Play and pause, the waveform (or a plain line), and the loop region on it.

import { MIN_LOOP_SECONDS } from "../audio/loop.js";
import { drawPeaks, peaks } from "../audio/waveform.js";
import { t } from "../i18n.js";
import { present } from "../present.js";
import { OPEN } from "../sounds.js";
import { fill, h, icon } from "./dom.js";
import { LoopTimes } from "./loop_times.js";

/**
 * @import { Player } from "../audio/player.js"
 * @import { Edge } from "../types.js"
 */

const COLUMNS = 160;
const STEP = 0.05; // seconds a handle moves by an arrow key; ten times as far with Shift

/**
 * A pointer that is down: the edge it took, the seconds and the pixel at which it landed, and the seconds at which it is now.
 *
 * @typedef {{ edge: Edge | null, from: number, to: number, x: number, moved: boolean }} Drag
 */

export class Transport {
  #player;
  #loop;
  /** @type {Float32Array | null} */
  #peaks = null;
  /** @type {Drag | null} */
  #drag = null;

  /**
   * @param {Player} player
   * @param {Map<string, AudioBuffer>} buffers
   * @param {{ loop: boolean, waveform: boolean }} options
   */
  constructor(player, buffers, { loop, waveform }) {
    this.#player = player;
    this.#loop = loop;
    // Only the open sound's waveform is drawn: those of the others would tell them apart by eye.
    const open = buffers.get(OPEN);
    if (waveform && open) this.#peaks = peaks(open, COLUMNS, player.engine.length);
    this.toggle = h("button", {
      type: "button",
      class: "button round",
      on: { click: () => player.toggle() },
    });
    this.times = loop
      ? new LoopTimes(player, (edge, seconds) => this.setEdge(edge, seconds))
      : null;
    // A text that is replaced, and not changed, has the browser match every :has() of the page again.
    this.time = document.createTextNode("");
    this.clock = h("span", { class: "clock", "aria-hidden": "true" }, this.time);
    this.canvas = h("canvas", { class: "wave", "aria-hidden": "true" });
    this.region = h("span", { class: "region", "aria-hidden": "true" });
    this.head = h("span", { class: "playhead", "aria-hidden": "true" });
    /** @type {Partial<Record<Edge, HTMLElement>>} */
    this.handles = loop ? { start: this.#handle("start"), end: this.#handle("end") } : {};
    this.strip = h(
      "div",
      { class: this.#peaks ? "strip" : "strip flat" },
      this.canvas,
      this.region,
      this.head,
      Object.values(this.handles),
    );
    this.strip.addEventListener("pointerdown", (event) => this.#press(event));
    this.strip.addEventListener("pointermove", (event) => this.#move(event));
    this.strip.addEventListener("pointerup", () => this.#release());
    this.element = h(
      "div",
      { class: "transport", role: "group", "aria-label": t("playback") },
      this.toggle,
      this.strip,
      h(
        "div",
        { class: loop ? "transport-end looped" : "transport-end" },
        this.clock,
        this.#resetButton(),
        this.times?.element,
      ),
    );
    this.resize = new ResizeObserver(() => {
      this.strip.style.setProperty("--width", `${this.strip.clientWidth}px`);
      this.#draw();
    });
    this.resize.observe(this.strip);
    this.scheme = window.matchMedia("(prefers-color-scheme: dark)");
    this.redraw = () => this.#draw();
    this.scheme.addEventListener("change", this.redraw);
    player.onChange(() => this.update());
    this.update();
  }

  dispose() {
    this.resize.disconnect();
    this.scheme.removeEventListener("change", this.redraw);
  }

  /**
   * Move one edge of the loop to a time in seconds, by default to where the playhead is.
   *
   * @param {Edge} edge
   * @param {number} [seconds]
   */
  setEdge(edge, seconds = this.#player.position) {
    if (!this.#loop) return;
    const frame = Math.round(seconds * this.#player.engine.sampleRate);
    const region = { ...this.#player.engine.region };
    region[edge] = edge === "start" ? Math.min(frame, region.end) : Math.max(frame, region.start);
    this.#player.setRegion(region, edge === "start" ? "end" : "start");
    this.#draw();
  }

  /** @param {Edge} edge */
  resetEdge(edge) {
    this.setEdge(edge, edge === "start" ? 0 : this.#player.seconds);
  }

  reset() {
    this.#player.setRegion({ start: 0, end: this.#player.engine.length });
    this.#draw();
  }

  update() {
    const { playing, position, seconds, engine } = this.#player;
    if (this.toggle.dataset.playing !== String(playing)) {
      this.toggle.dataset.playing = String(playing);
      this.toggle.setAttribute("aria-label", playing ? t("pause") : t("play"));
      fill(this.toggle, icon(playing ? "pause" : "play"));
    }
    this.head.style.setProperty("--at", String(position / seconds));
    const clock = `${position.toFixed(1)} / ${seconds.toFixed(1)} s`;
    if (this.time.data !== clock) this.time.data = clock;
    const edges = {
      start: engine.region.start / engine.sampleRate,
      end: engine.region.end / engine.sampleRate,
    };
    const key = `${edges.start}-${edges.end}`;
    if (this.strip.dataset.region === key) return;
    this.strip.dataset.region = key;
    this.times?.update(this.#player);
    this.strip.style.setProperty("--from", String(edges.start / seconds));
    this.strip.style.setProperty("--to", String(edges.end / seconds));
    if (this.whole) this.whole.disabled = edges.start === 0 && engine.region.end === engine.length;
    for (const edge of /** @type {Edge[]} */ (Object.keys(this.handles))) {
      const handle = present(this.handles[edge]);
      handle.setAttribute("aria-valuenow", edges[edge].toFixed(2));
      handle.setAttribute("aria-valuetext", t("seconds", { seconds: edges[edge].toFixed(2) }));
    }
  }

  #resetButton() {
    if (!this.#loop) return null;
    this.whole = h(
      "button",
      { type: "button", class: "button small quiet", on: { click: () => this.reset() } },
      icon("loop"),
      h("span", { text: t("loop_all") }),
    );
    return this.whole;
  }

  /** @param {Edge} edge */
  #handle(edge) {
    const handle = h("span", {
      class: `handle handle-${edge}`,
      role: "slider",
      tabindex: "0",
      "aria-label": t(edge === "start" ? "loop_start" : "loop_end"),
      "aria-valuemin": "0",
      "aria-valuemax": this.#player.seconds.toFixed(2),
    });
    handle.addEventListener("keydown", (event) => this.#handleKey(event, edge));
    return handle;
  }

  /**
   * @param {KeyboardEvent} event
   * @param {Edge} edge
   */
  #handleKey(event, edge) {
    const { engine, seconds } = this.#player;
    const now = engine.region[edge] / engine.sampleRate;
    const step = (event.shiftKey ? 10 : 1) * STEP;
    /** @type {Record<string, number>} */
    const targets = {
      ArrowLeft: now - step,
      ArrowDown: now - step,
      ArrowRight: now + step,
      ArrowUp: now + step,
      Home: 0,
      End: seconds,
    };
    if (!(event.key in targets)) return;
    event.preventDefault();
    this.setEdge(edge, Math.min(Math.max(targets[event.key], 0), seconds));
  }

  /** @param {PointerEvent} event */
  #secondsAt(event) {
    const box = this.strip.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * this.#player.seconds;
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button !== 0) return;
    this.strip.setPointerCapture(event.pointerId);
    const edge =
      event.target === this.handles.start
        ? "start"
        : event.target === this.handles.end
          ? "end"
          : null;
    const from = this.#secondsAt(event);
    this.#drag = { edge, from, to: from, x: event.clientX, moved: false };
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#drag) return;
    if (Math.abs(event.clientX - this.#drag.x) > 4) this.#drag.moved = true;
    if (!this.#drag.moved || !this.#loop) return;
    this.#drag.to = this.#secondsAt(event);
    const { engine } = this.#player;
    const rate = engine.sampleRate;
    const preview = this.#drag.edge
      ? {
          start: engine.region.start / rate,
          end: engine.region.end / rate,
          [this.#drag.edge]: this.#drag.to,
        }
      : {
          start: Math.min(this.#drag.from, this.#drag.to),
          end: Math.max(this.#drag.from, this.#drag.to),
        };
    this.strip.style.setProperty("--from", String(preview.start / this.#player.seconds));
    this.strip.style.setProperty("--to", String(preview.end / this.#player.seconds));
  }

  #release() {
    const drag = this.#drag;
    this.#drag = null;
    if (!drag) return;
    const rate = this.#player.engine.sampleRate;
    delete this.strip.dataset.region;
    if (!drag.moved && drag.edge) return;
    if (!drag.moved || !this.#loop) this.#player.seek(drag.from);
    else if (drag.edge) this.setEdge(drag.edge, drag.to);
    else if (Math.abs(drag.to - drag.from) >= MIN_LOOP_SECONDS / 4)
      this.#player.setRegion({ start: drag.from * rate, end: drag.to * rate });
    this.update();
    this.#draw();
  }

  #draw() {
    if (!this.#peaks) return;
    const style = getComputedStyle(this.strip);
    const { region, length } = this.#player.engine;
    /** @param {number} fraction */
    const inside = (fraction) =>
      fraction * length >= region.start && fraction * length < region.end;
    drawPeaks(this.canvas, this.#peaks, {
      inside,
      colour: style.getPropertyValue("--accent"),
      faint: style.getPropertyValue("--strong-line"),
    });
  }
}
