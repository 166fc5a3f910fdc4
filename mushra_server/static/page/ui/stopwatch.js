// Milliseconds for which a page was visible.

export class Stopwatch {
  #before;
  /** @type {number | null} */
  #since;
  #controller = new AbortController();

  constructor(before = 0) {
    this.#before = before;
    this.#since = document.hidden ? null : performance.now();
    document.addEventListener("visibilitychange", () => this.#toggle(), {
      signal: this.#controller.signal,
    });
  }

  elapsed() {
    return Math.round(this.#before + (this.#since === null ? 0 : performance.now() - this.#since));
  }

  stop() {
    this.#controller.abort();
  }

  #toggle() {
    this.#before = this.elapsed();
    this.#since = document.hidden ? null : performance.now();
  }
}
