// The sources that run together on one timeline: the sounds of a trial from one frame of the context's time on, each
// behind its own gain, which begins at 0.

import { wrap } from "./loop.js";
import { connectPart } from "./pack.js";
import { present } from "../present.js";

/** @import { Packed, Place, Region } from "../types.js" */

export class SourceGroup {
  #context;
  #output;
  #region;
  #origin; // frame `origin` of the context's time is frame `offset` of the region
  #offset;
  /** @type {AudioBufferSourceNode[]} */
  #sources = [];
  /** @type {Map<string, GainNode>} */
  #gains = new Map(); // by key

  /**
   * @param {BaseAudioContext} context
   * @param {AudioNode} output
   * @param {Packed[]} cuts the sounds, cut to the region
   * @param {{ frame: number, position: number, region: Region, loop: boolean }} start when, and from which frame of the sound
   */
  constructor(context, output, cuts, { frame, position, region, loop }) {
    this.#context = context;
    this.#output = output;
    this.#region = region;
    this.#origin = frame;
    this.#offset = position - region.start;
    this.last = loop ? Infinity : frame + (region.end - position); // the frame of the context's time at which they end
    for (const { buffer, places } of cuts) {
      const source = context.createBufferSource();
      const splitter = context.createChannelSplitter(buffer.numberOfChannels);
      source.buffer = buffer;
      source.loop = loop;
      source.connect(splitter);
      for (const [key, place] of places) this.#gains.set(key, this.#createGain(splitter, place));
      source.start(frame / context.sampleRate, this.#offset / context.sampleRate);
      source.onended = () => places.forEach((_, key) => this.#gains.get(key)?.disconnect());
      this.#sources.push(source);
    }
  }

  /**
   * Frames into the sound at a frame of the context's time; the region's start once they have ended.
   *
   * @param {number} frame
   */
  position(frame) {
    const elapsed = Math.max(0, frame - this.#origin);
    const { start, end } = this.#region;
    if (this.#origin + elapsed >= this.last) return start;
    return start + wrap(this.#offset, elapsed, end - start);
  }

  /**
   * The gain of a sound.
   *
   * @param {string} key
   */
  gain(key) {
    return present(this.#gains.get(key)).gain;
  }

  /**
   * Stop all, at once or at a context time.
   *
   * @param {number} [at]
   */
  stop(at) {
    for (const source of this.#sources) source.stop(at);
  }

  /**
   * @param {ChannelSplitterNode} splitter
   * @param {Place} place
   */
  #createGain(splitter, place) {
    const gain = this.#context.createGain();
    gain.gain.value = 0;
    connectPart(this.#context, splitter, place, gain);
    gain.connect(this.#output);
    return gain;
  }
}
