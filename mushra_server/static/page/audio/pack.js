// Several sounds in one buffer. Separate sources may start at different times on a slow device; the channels of one
// buffer cannot, so the sounds of a trial always stay aligned to the sample.

import { fadeEdges } from "./loop.js";
import { present } from "../present.js";

/** @import { Packed, Place, Region } from "../types.js" */

const MOST_CHANNELS = 32; // what every browser can split

/**
 * Cut a region out of each sound, with both edges faded, and lay the sounds end to end.
 *
 * @param {Map<string, AudioBuffer>} buffers Map of key to AudioBuffer, all of one sample rate
 * @returns {Packed[]} one for each 32 channels
 * @param {BaseAudioContext} context
 * @param {Region} region
 */
export function pack(context, buffers, { start, end }) {
  return groups(buffers).map((places) => {
    const channels = [...places.values()].reduce((sum, place) => sum + place.count, 0);
    const packed = context.createBuffer(channels, end - start, context.sampleRate);
    for (const [key, { first, count }] of places) {
      for (let channel = 0; channel < count; channel += 1) {
        const samples = packed.getChannelData(first + channel);
        samples.set(present(buffers.get(key)).getChannelData(channel).subarray(start, end));
        fadeEdges(samples, context.sampleRate);
      }
    }
    return { buffer: packed, places };
  });
}

/** @param {Map<string, AudioBuffer>} buffers */
function groups(buffers) {
  /** @type {Map<string, Place>[]} */
  const result = [];
  let used = MOST_CHANNELS;
  for (const [key, { numberOfChannels: count }] of buffers) {
    if (used + count > MOST_CHANNELS) {
      result.push(new Map());
      used = 0;
    }
    present(result.at(-1)).set(key, { first: used, count });
    used += count;
  }
  return result;
}

/**
 * Connect one sound of a packed source, by its splitter, to a node.
 *
 * @param {BaseAudioContext} context
 * @param {ChannelSplitterNode} splitter
 * @param {Place} place
 * @param {AudioNode} target
 */
export function connectPart(context, splitter, { first, count }, target) {
  if (count === 1) {
    splitter.connect(target, first); // a mono sound is played on both sides
    return;
  }
  const merger = context.createChannelMerger(count);
  for (let channel = 0; channel < count; channel += 1)
    splitter.connect(merger, first + channel, channel);
  merger.connect(target);
}
