// Peaks of a sound and their drawing.

import { present } from "../present.js";

/**
 * Largest magnitude over all channels in each of `columns` slices; values from 0 to 1, scaled to the loudest.
 *
 * @param {AudioBuffer} buffer
 * @param {number} columns
 * @param {number} [length]
 */
export function peaks(buffer, columns, length = buffer.length) {
  const result = new Float32Array(columns);
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    const samples = buffer.getChannelData(channel);
    for (let column = 0; column < columns; column += 1) {
      const from = Math.floor((column * length) / columns);
      const to = Math.min(
        samples.length,
        Math.max(from + 1, Math.floor(((column + 1) * length) / columns)),
      );
      for (let n = from; n < to; n += 1) {
        const magnitude = Math.abs(samples[n]);
        if (magnitude > result[column]) result[column] = magnitude;
      }
    }
  }
  const loudest = Math.max(...result);
  return loudest > 0 ? result.map((value) => value / loudest) : result;
}

/**
 * Draw peaks as rounded bars; `inside(fraction)` decides which of the two colours a bar takes.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} values
 * @param {{ inside: (fraction: number) => boolean, colour: string, faint: string }} look
 */
export function drawPeaks(canvas, values, { inside, colour, faint }) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = present(canvas.getContext("2d"));
  context.scale(ratio, ratio);
  const pitch = width / values.length;
  values.forEach((value, column) => {
    const bar = Math.max(2, value * (height - 8));
    context.fillStyle = inside((column + 0.5) / values.length) ? colour : faint;
    context.beginPath();
    if (context.roundRect)
      context.roundRect(column * pitch + pitch * 0.2, (height - bar) / 2, pitch * 0.6, bar, 1);
    else context.rect(column * pitch + pitch * 0.2, (height - bar) / 2, pitch * 0.6, bar);
    context.fill();
  });
}
