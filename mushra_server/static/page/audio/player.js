// The engine in real time: resumes the context on a listener's first action and tells the page what is going on.

import { Engine } from "./engine.js";

export class Player {
  #context;
  #listeners = new Set();
  #frame = 0;
  #ran = false;

  constructor({ context, buffers }, { loop = true, switchBack = false, volume = 1 } = {}) {
    this.#context = context;
    this.engine = new Engine(context, { loop, switchBack });
    this.engine.load(buffers);
    this.engine.volume = volume;
    this.keys = [...buffers.keys()];
    this.current = null; // the sound that plays, or was the last to play
    this.#frame = requestAnimationFrame(() => this.#tick());
  }

  /** Call `listener(player)` on every change, and on every frame while a sound runs. */
  onChange(listener) {
    this.#listeners.add(listener);
  }

  get playing() {
    return this.engine.running();
  }

  get seconds() {
    return this.engine.length / this.engine.sampleRate;
  }

  /** Position in seconds. */
  get position() {
    return this.engine.position() / this.engine.sampleRate;
  }

  /** Whether a sound was heard for long enough to be judged: one second, or all of it where it is shorter. */
  heard(key) {
    return this.engine.listenedMs(key) >= Math.min(1000, Math.floor(1000 * this.seconds) - 20);
  }

  play(key) {
    this.#wake();
    this.current = key;
    this.engine.play(key);
    this.#tell();
  }

  pause() {
    this.engine.pause();
    this.#tell();
  }

  /** Play or pause `key`; without one, the sound last played (or `fallback`). */
  toggle(key = null, fallback = this.keys[0]) {
    const wanted = key ?? this.current ?? fallback;
    if (this.playing && wanted === this.current) this.pause();
    else this.play(wanted);
  }

  seek(seconds) {
    this.engine.seek(Math.round(seconds * this.engine.sampleRate));
    this.#tell();
  }

  setRegion(region, pinned) {
    this.engine.setRegion(region, undefined, pinned);
    this.#tell();
  }

  dispose() {
    cancelAnimationFrame(this.#frame);
    this.#listeners.clear();
    this.engine.pause();
    const engine = this.engine;
    setTimeout(() => engine.dispose(), 60); // after the fade
  }

  #wake() {
    // Suspended until the listener acts, and again after a phone call or a locked screen.
    if (this.#context.state !== "running") this.#context.resume();
  }

  #tick() {
    const running = this.playing;
    if (running || running !== this.#ran) this.#tell();
    this.#ran = running;
    this.#frame = requestAnimationFrame(() => this.#tick());
  }

  #tell() {
    for (const listener of this.#listeners) listener(this);
  }
}
