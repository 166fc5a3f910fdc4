// The engine in real time: resumes the context on a listener's first action and tells the page what is going on.

import { Engine } from "./engine.js";

export class Player {
  #context;
  #engines = new Map(); // key -> the engine on whose timeline the sound runs
  #listeners = new Set();
  #frame = 0;
  #ran = false;

  /** With `separate`, each sound has a timeline of its own: it begins at its beginning and ends at its end. */
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
    this.current = null; // the sound that plays, or was the last to play
    this.#frame = requestAnimationFrame(() => this.#tick());
  }

  /** Call `listener(player)` on every change, and on every frame while a sound runs. */
  onChange(listener) {
    this.#listeners.add(listener);
  }

  /** The engine of the sound that plays or was the last to play. */
  get engine() {
    return this.#engines.get(this.current ?? this.keys[0]);
  }

  get playing() {
    return this.engine.running();
  }

  get seconds() {
    return this.secondsOf(this.current ?? this.keys[0]);
  }

  /** Length in seconds of the timeline on which a sound runs. */
  secondsOf(key) {
    const { length, sampleRate } = this.#engines.get(key);
    return length / sampleRate;
  }

  /** Milliseconds for which a sound was audible. */
  listenedMs(key) {
    return this.#engines.get(key).listenedMs(key);
  }

  /** Position in seconds. */
  get position() {
    return this.positionOf(this.current ?? this.keys[0]);
  }

  /** Position in seconds on the timeline on which a sound runs. */
  positionOf(key) {
    const engine = this.#engines.get(key);
    return engine.position() / engine.sampleRate;
  }

  /** Whether a sound was heard for long enough to be judged: one second, or all of it where it is shorter. */
  heard(key) {
    return this.listenedMs(key) >= Math.min(1000, Math.floor(1000 * this.secondsOf(key)) - 20);
  }

  play(key) {
    this.#wake();
    const before = this.engine;
    this.current = key;
    // A sound that another one interrupts keeps its place; its fade has ended when the other one starts.
    if (before !== this.engine) before.pause();
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
    const engines = [...this.#engines.values()];
    setTimeout(() => engines.forEach((engine) => engine.dispose()), 60); // after the fade
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
