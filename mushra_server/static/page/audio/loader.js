// Fetching and decoding. Sounds of a page are decoded before it starts, those of the next page meanwhile.

import { sampleRateOf } from "./format.js";

/** @import { Loaded, Sound } from "../types.js" */

/** A sound that could not be fetched or decoded; `label` says which, as the listener knows it. */
export class LoadError extends Error {
  /**
   * @param {string} label
   * @param {string} reason
   */
  constructor(label, reason) {
    super(`${label}: ${reason}`);
    this.label = label;
    this.reason = reason;
  }
}

const READS_FLAC = document.createElement("audio").canPlayType("audio/flac") !== "";

/** @typedef {{ loaded: number, total: number | null }} Bytes */

export class Loader {
  #flac = READS_FLAC; // the same samples in about half the bytes
  /** @type {Map<string, Bytes>} */
  #progress = new Map(); // url -> bytes that have arrived, of how many
  /** @type {Map<string, Promise<ArrayBuffer>>} */
  #bytes = new Map(); // url -> promise of the file
  /** @type {Map<string, Promise<AudioBuffer>>} */
  #decoded = new Map(); // url -> promise of the AudioBuffer, for `#context`
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {number | null} */
  #rate = null; // the rate that `#context` was asked for; null for the device's own

  /**
   * Fetch and decode sounds.
   *
   * @param {Sound[]} sounds list of {key, url, label}
   * @param {(done: number, total: number) => void} [onProgress] a fetched and a decoded sound count one each
   * @returns {Promise<Loaded>}
   */
  async load(sounds, onProgress = () => {}) {
    let done = 0;
    /**
     * @template T
     * @param {T} value
     */
    const step = (value) => {
      done += 1;
      onProgress(done, 2 * sounds.length);
      return value;
    };
    onProgress(0, 2 * sounds.length);
    const files = await Promise.all(sounds.map((sound) => this.#fetch(sound).then(step)));
    const rates = new Set(files.map(sampleRateOf));
    const nativeRate = rates.size === 1 ? [...rates][0] : null;
    const context = this.#contextFor(nativeRate);
    const decoded = await Promise.all(
      sounds.map((sound, n) => this.#decode(context, sound, files[n]).then(step)),
    );
    const buffers = new Map(sounds.map((sound, n) => [sound.key, decoded[n]]));
    return { context, buffers, nativeRate, mixed: rates.size > 1, playedRate: context.sampleRate };
  }

  /**
   * Fetch the sounds of later pages while this one is read or rated, page after page; failures show when a page opens.
   *
   * @param {Sound[][]} pages
   */
  async preload(pages) {
    for (const sounds of pages) await Promise.allSettled(sounds.map((sound) => this.#fetch(sound)));
  }

  /**
   * Forget everything but these sounds.
   *
   * @param {Sound[]} sounds
   */
  keep(sounds) {
    const urls = new Set(sounds.map((sound) => sound.url));
    for (const cache of [this.#bytes, this.#decoded, this.#progress]) {
      for (const url of cache.keys()) if (!urls.has(url)) cache.delete(url);
    }
  }

  /** @param {Sound} sound */
  #fetch(sound) {
    return remember(this.#bytes, sound.url, async () => {
      let response;
      try {
        const accept = this.#flac ? "audio/flac, audio/*;q=0.9, */*;q=0.8" : "audio/*, */*;q=0.8";
        response = await fetch(sound.url, {
          credentials: "same-origin",
          headers: { Accept: accept },
        });
      } catch {
        throw new LoadError(sound.label, "network");
      }
      if (!response.ok) {
        const said = await response.json().catch(() => null); // the server's own sentence, if it is ours
        throw new LoadError(sound.label, said?.error ?? `HTTP ${response.status}`);
      }
      return this.#read(sound.url, response).catch(() => {
        throw new LoadError(sound.label, "network");
      });
    });
  }

  /**
   * Read an answer piece by piece, so that a listener on a slow line sees how much has arrived.
   *
   * @param {string} url
   * @param {Response} response
   */
  async #read(url, response) {
    const total = Number(response.headers.get("Content-Length")) || null;
    const progress = { loaded: 0, total };
    this.#progress.set(url, progress);
    if (!response.body) return response.arrayBuffer();
    const pieces = [];
    const reader = response.body.getReader();
    for (let read = await reader.read(); read.value; read = await reader.read()) {
      pieces.push(read.value);
      progress.loaded += read.value.length;
    }
    if (total !== null && progress.loaded !== total) throw new TypeError("the file is incomplete");
    return new Blob(pieces).arrayBuffer();
  }

  /**
   * Bytes of these sounds that have arrived, and their total; null until the size of each is known.
   *
   * @param {Sound[]} sounds
   */
  bytesOf(sounds) {
    let [loaded, total] = [0, 0];
    for (const { url } of sounds) {
      const found = this.#progress.get(url);
      if (!found?.total) return null;
      loaded += found.loaded;
      total += found.total;
    }
    return { loaded, total };
  }

  /**
   * @param {AudioContext} context
   * @param {Sound} sound
   * @param {ArrayBuffer} bytes
   */
  #decode(context, sound, bytes) {
    return remember(this.#decoded, sound.url, async () => {
      try {
        return await context.decodeAudioData(bytes.slice(0)); // decoding empties the array it is given
      } catch {
        this.#bytes.delete(sound.url);
        if (isFlac(bytes) && this.#flac) {
          this.#flac = false; // this browser plays FLAC but cannot decode it: everything as WAV from now on
          this.#decoded.delete(sound.url);
          return context.decodeAudioData((await this.#fetch(sound)).slice(0)).catch(() => {
            throw new LoadError(sound.label, "decode");
          });
        }
        throw new LoadError(sound.label, "decode");
      }
    });
  }

  /**
   * A context at a sample rate, or at the device's own if the sounds' rate is unknown or they have several.
   *
   * @param {number | null} rate
   */
  #contextFor(rate) {
    if (this.#context && this.#rate === rate) return this.#context;
    this.#context?.close();
    this.#decoded.clear();
    this.#context = createContext(rate);
    this.#rate = rate;
    return this.#context;
  }
}

/** @param {ArrayBuffer} bytes */
function isFlac(bytes) {
  return new TextDecoder().decode(bytes.slice(0, 4)) === "fLaC";
}

/** @param {number | null} rate */
function createContext(rate) {
  const Context = window.AudioContext ?? window.webkitAudioContext;
  if (rate !== null) {
    try {
      return new Context({ sampleRate: rate, latencyHint: "interactive" });
    } catch {
      // The browser cannot play at this rate: it resamples, and the page says so.
    }
  }
  return new Context({ latencyHint: "interactive" });
}

/**
 * @template T
 * @param {Map<string, Promise<T>>} cache
 * @param {string} key
 * @param {() => Promise<T>} make
 * @returns {Promise<T>}
 */
function remember(cache, key, make) {
  const before = cache.get(key);
  if (before) return before;
  const promise = make();
  promise.catch(() => cache.delete(key));
  cache.set(key, promise);
  return promise;
}
