// The engine in real time: resumes the context on a listener's first action and reports every change to the page.

import { Engine } from "./engine.js";
import { present } from "../present.js";

/** @import { Edge, Loaded, Region } from "../types.js" */

// Milliseconds. Each frame costs a layout, and between two of these a playhead moves by a pixel or two.
const TICK = 33;

export class Player {
  #context;
  /** @type {Map<string, Engine>} */
  #engines = new Map(); // key -> the engine on whose timeline the sound runs
  /** @type {Set<(player: Player) => void>} */
  #listeners = new Set();
  #ticks = 0; // the timer that runs while a sound does

  /**
   * With `separate`, each sound has its own timeline: it begins at its beginning and ends at its end.
   *
   * @param {Pick<Loaded, "context" | "buffers">} loaded
   * @param {{ loop?: boolean, switchBack?: boolean, separate?: boolean, volume?: number }} [options]
   */
  constructor(
    { context, buffers },
    { loop = true, switchBack = false, separate = false, volume = 1 } = {},
  ) {
    this.#context = context;
    const timelines = separate ? [...buffers].map((entry) => new Map([entry])) : [buffers];
    for (const sounds of timelines) {
      const engine = new Engine(context, { loop, switchBack });
      engine.load(sounds);
      engine.volume = volume;
      for (const key of sounds.keys()) this.#engines.set(key, engine);
    }
    this.keys = [...buffers.keys()];
    /** @type {string | null} */
    this.current = null; // the sound that plays, or was the last to play
  }

  /**
   * Call `listener(player)` on every change, and thirty times a second while a sound runs.
   *
   * @param {(player: Player) => void} listener
   */
  onChange(listener) {
    this.#listeners.add(listener);
  }

  /** The engine of the sound that plays or was the last to play. */
  get engine() {
    return this.#engineOf(this.current ?? this.keys[0]);
  }

  get playing() {
    return this.engine.running();
  }

  get seconds() {
    return this.secondsOf(this.current ?? this.keys[0]);
  }

  /**
   * Length in seconds of the timeline on which a sound runs.
   *
   * @param {string} key
   */
  secondsOf(key) {
    const { length, sampleRate } = this.#engineOf(key);
    return length / sampleRate;
  }

  /**
   * Milliseconds for which a sound was audible.
   *
   * @param {string} key
   */
  listenedMs(key) {
    return this.#engineOf(key).listenedMs(key);
  }

  /** Position in seconds. */
  get position() {
    return this.positionOf(this.current ?? this.keys[0]);
  }

  /**
   * Position in seconds on the timeline on which a sound runs.
   *
   * @param {string} key
   */
  positionOf(key) {
    const engine = this.#engineOf(key);
    return engine.position() / engine.sampleRate;
  }

  /**
   * Milliseconds for which a sound has to be heard before it can be judged: a second, or all of it if it is shorter.
   *
   * @param {string} key
   */
  enoughMs(key) {
    return Math.min(1000, Math.floor(1000 * this.secondsOf(key)) - 20);
  }

  /**
   * Whether a sound was heard for long enough to be judged.
   *
   * @param {string} key
   */
  heard(key) {
    return this.listenedMs(key) >= this.enoughMs(key);
  }

  /** @param {string} key */
  play(key) {
    this.#wake();
    const before = this.engine;
    this.current = key;
    // A sound that another one interrupts keeps its place; its fade has ended when the other one starts.
    if (before !== this.engine) before.pause();
    this.engine.play(key);
    this.#tell();
    if (this.#ticks === 0) this.#ticks = setInterval(() => this.#tick(), TICK);
  }

  pause() {
    this.engine.pause();
    this.#tell();
  }

  /**
   * Play or pause `key`; without one, the sound last played (or `fallback`).
   *
   * @param {string | null} [key]
   * @param {string} [fallback]
   */
  toggle(key = null, fallback = this.keys[0]) {
    const wanted = key ?? this.current ?? fallback;
    if (this.playing && wanted === this.current) this.pause();
    else this.play(wanted);
  }

  /** @param {number} seconds */
  seek(seconds) {
    this.engine.seek(Math.round(seconds * this.engine.sampleRate));
    this.#tell();
  }

  /**
   * Play this part of all sounds; one that reaches the end of the current sound reaches that of the others.
   *
   * @param {Region} region
   * @param {Edge} [pinned]
   */
  setRegion(region, pinned) {
    const { length } = this.engine;
    for (const engine of new Set(this.#engines.values())) {
      const end = region.end >= length ? engine.length : region.end;
      engine.setRegion({ start: region.start, end }, undefined, pinned);
    }
    this.#tell();
  }

  dispose() {
    this.#rest();
    this.#listeners.clear();
    this.engine.pause();
    const engines = [...this.#engines.values()];
    setTimeout(() => engines.forEach((engine) => engine.dispose()), 60); // after the fade
  }

  /** @param {string} key */
  #engineOf(key) {
    return present(this.#engines.get(key));
  }

  #wake() {
    // Suspended until the listener acts, and again after a phone call or a locked screen.
    if (this.#context.state !== "running") this.#context.resume();
  }

  #tick() {
    if (!this.playing) this.#rest();
    this.#tell();
  }

  #rest() {
    clearInterval(this.#ticks);
    this.#ticks = 0;
  }

  #tell() {
    for (const listener of this.#listeners) listener(this);
  }
}
