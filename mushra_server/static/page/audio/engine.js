// Sample-synchronous playback of the sounds of one trial.
//
// All sounds of a trial are channels of one source, each behind its own gain, on one timeline; switching only moves the
// gains, so the sounds cannot drift apart. The region that is played is copied with faded edges and repeated by the
// browser itself, so a loop is exact however often it runs. Every method takes the context time at which it takes
// effect: nothing here reads a clock or the document, and an OfflineAudioContext renders what a listener hears.

import { clampRegion, fadeFrames, raisedCosine } from "./loop.js";
import { pack } from "./pack.js";
import { SourceGroup } from "./source_group.js";
import { present } from "../present.js";

/** @import { Edge, Packed, Region } from "../types.js" */

// Seconds from a call to its effect: time enough to build the nodes, and, for a new region, to copy the sounds.
const SWITCH_LEAD = 0.015;
const START_LEAD = 0.05;
const REGION_LEAD = 0.15;
// Browsers work in blocks of this many frames. Chromium misplaces a gain curve that begins in the block in which the one
// before it ended, which is heard as a click; so fades keep a block's distance.
const QUANTUM = 128;

export class Engine {
  #context;
  #output;
  #fade;
  #rise;
  #fall;
  /** @type {Map<string, AudioBuffer>} */
  #buffers = new Map();
  /** @type {Packed[]} */
  #cuts = []; // the same sounds, cut to the region and packed
  /** @type {SourceGroup | null} */
  #group = null; // the sources now running
  /** @type {string | null} */
  #active = null; // key of the sound that is heard
  #since = 0; // frame at which it became audible
  #free = 0; // first frame at which gains may be moved again
  #rest = 0; // frames into the sound at which a pause left it
  /** @type {Map<string, number>} */
  #listened = new Map();

  /**
   * @param {BaseAudioContext} context
   * @param {{ loop?: boolean, switchBack?: boolean }} [options]
   */
  constructor(context, { loop = true, switchBack = false } = {}) {
    this.#context = context;
    this.sampleRate = context.sampleRate;
    this.loop = loop;
    this.switchBack = switchBack;
    this.length = 0;
    this.region = { start: 0, end: 0 };
    this.#output = context.createGain();
    this.#output.connect(context.destination);
    this.#fade = fadeFrames(this.sampleRate);
    this.#rise = raisedCosine(this.#fade + 1);
    this.#fall = this.#rise.slice().reverse();
  }

  /**
   * Take the decoded sounds of a trial: a Map of key to AudioBuffer.
   *
   * @param {Map<string, AudioBuffer>} buffers
   */
  load(buffers) {
    this.#buffers = buffers;
    this.length = Math.max(...[...buffers.values()].map((buffer) => buffer.length));
    this.region = { start: 0, end: this.length };
    this.#cut();
    this.#rest = 0;
  }

  get active() {
    return this.#active;
  }

  get now() {
    return this.#context.currentTime;
  }

  /** @param {number} gain */
  set volume(gain) {
    this.#output.gain.value = gain;
  }

  /**
   * Whether a sound is running at context time `at`.
   *
   * @param {number} [at]
   */
  running(at = this.now) {
    return this.#group !== null && this.#frame(at) < this.#group.last;
  }

  /**
   * Frames into the sound at context time `at`.
   *
   * @param {number} [at]
   */
  position(at = this.now) {
    if (this.#group === null) return this.#rest;
    return this.#group.position(this.#frame(at));
  }

  /**
   * Milliseconds for which `key` was audible until context time `at`.
   *
   * @param {string} key
   * @param {number} [at]
   */
  listenedMs(key, at = this.now) {
    let frames = this.#listened.get(key) ?? 0;
    if (key === this.#active && this.#group) {
      frames += Math.max(0, Math.min(this.#frame(at), this.#group.last) - this.#since);
    }
    return Math.round((1000 * frames) / this.sampleRate);
  }

  /**
   * Start `key`, or switch to it: 5 ms out, then 5 ms in, without a cross-fade.
   *
   * @param {string} key
   * @param {number} [at]
   */
  play(key, at = this.now) {
    if (!this.running(at)) {
      this.#settle(this.#frame(at));
      this.#start(key, this.#earliest(at, START_LEAD), this.#rest);
    } else if (key !== this.#active) {
      const from = this.#earliest(at, this.switchBack ? START_LEAD : SWITCH_LEAD);
      if (this.switchBack) this.#restart(key, from, this.region.start);
      else this.#switch(key, from);
    }
  }

  /**
   * Fade out and keep the position.
   *
   * @param {number} [at]
   */
  pause(at = this.now) {
    if (!this.running(at)) return;
    const from = this.#earliest(at, SWITCH_LEAD);
    this.#rest = this.position(from / this.sampleRate);
    this.#silence(from);
    this.#group = null;
  }

  /**
   * Continue from another position (in frames into the sound).
   *
   * @param {number} frame
   * @param {number} [at]
   */
  seek(frame, at = this.now) {
    const target = Math.min(Math.max(frame, this.region.start), this.region.end - 1);
    if (this.running(at))
      this.#restart(present(this.#active), this.#earliest(at, START_LEAD), target);
    else this.#rest = target;
  }

  /**
   * Play another part of the sound; the position is kept if it is in the new part.
   *
   * @param {Region} region
   * @param {number} [at]
   * @param {Edge} [pinned]
   */
  setRegion(region, at = this.now, pinned = "start") {
    this.region = clampRegion(region, this.length, this.sampleRate, pinned);
    this.#cut();
    if (!this.running(at)) {
      this.#settle(this.#frame(at));
      this.#rest = this.#inside(this.#rest);
      return;
    }
    const from = this.#earliest(at, REGION_LEAD);
    this.#restart(
      present(this.#active),
      from,
      this.#inside(this.position((from + this.#fade) / this.sampleRate)),
    );
  }

  /** Stop at once and release all nodes. */
  dispose() {
    this.#group?.stop();
    this.#group = null;
    this.#output.disconnect();
  }

  /** @param {number} at */
  #frame(at) {
    return Math.round(at * this.sampleRate);
  }

  /**
   * @param {number} at
   * @param {number} lead
   */
  #earliest(at, lead) {
    // Before a context's time has begun to run nothing can be too late, so no lead is needed.
    const soonest = Math.ceil((this.now > 0 ? this.now + lead : 0) * this.sampleRate);
    return Math.max(this.#frame(at), soonest, this.#free);
  }

  #cut() {
    // Copying minutes of sound takes longer than the lead before a start, so it is done before a start is planned.
    this.#cuts = pack(this.#context, this.#buffers, this.region);
  }

  /** @param {number} frame */
  #inside(frame) {
    return frame >= this.region.start && frame < this.region.end ? frame : this.region.start;
  }

  /**
   * @param {string} key
   * @param {number} frame
   * @param {number} position
   */
  #start(key, frame, position) {
    const from = this.#inside(position);
    this.#group = new SourceGroup(this.#context, this.#output, this.#cuts, {
      frame,
      position: from,
      region: { ...this.region },
      loop: this.loop,
    });
    // The region's own edge fades in already; two fades at once would be a steeper one.
    if (from === this.region.start)
      this.#group.gain(key).setValueAtTime(1, frame / this.sampleRate);
    else this.#move(key, this.#rise, frame);
    this.#active = key;
    this.#since = frame;
    this.#free = frame + this.#fade + QUANTUM;
  }

  /**
   * @param {string} key
   * @param {number} frame
   */
  #switch(key, frame) {
    this.#silence(frame, false);
    this.#move(key, this.#rise, frame + this.#fade);
    this.#active = key;
    this.#since = frame + this.#fade;
    this.#free = frame + 2 * this.#fade + QUANTUM;
  }

  /**
   * @param {string} key
   * @param {number} frame
   * @param {number} position
   */
  #restart(key, frame, position) {
    this.#silence(frame);
    this.#start(key, frame + this.#fade, position);
  }

  /**
   * @param {number} frame
   * @param {boolean} [stop]
   */
  #silence(frame, stop = true) {
    this.#move(present(this.#active), this.#fall, frame);
    this.#account(frame + this.#fade);
    this.#free = frame + this.#fade + QUANTUM;
    if (stop) present(this.#group).stop((frame + this.#fade) / this.sampleRate);
  }

  /** @param {number} frame */
  #settle(frame) {
    // A sound that has ended by itself: account for what was heard and return to the start.
    if (this.#group === null) return;
    this.#account(frame);
    this.#rest = this.region.start;
    this.#group = null;
  }

  /** @param {number} frame */
  #account(frame) {
    const active = present(this.#active);
    const heard = Math.max(0, Math.min(frame, present(this.#group).last) - this.#since);
    this.#listened.set(active, (this.#listened.get(active) ?? 0) + heard);
    this.#since = frame;
  }

  /**
   * @param {string} key
   * @param {Float32Array<ArrayBuffer>} curve
   * @param {number} frame
   */
  #move(key, curve, frame) {
    const gain = present(this.#group).gain(key);
    gain.setValueCurveAtTime(curve, frame / this.sampleRate, this.#fade / this.sampleRate);
  }
}
