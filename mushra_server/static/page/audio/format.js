// The sample rate that a file was recorded at, read from its header: decoding alone would resample it unseen.

/** Sample rate in Hz of a WAV or FLAC file; null for any other format. */
export function sampleRateOf(bytes) {
  const view = new DataView(bytes);
  if (view.byteLength < 44) return null;
  const magic = text(view, 0, 4);
  if (magic === "RIFF" || magic === "RF64") return waveRate(view);
  // FLAC: marker, block header of four bytes, ten bytes of STREAMINFO, then 20 bits of sample rate.
  if (magic === "fLaC") return (view.getUint8(18) << 12) | (view.getUint8(19) << 4) | (view.getUint8(20) >> 4);
  return null;
}

function waveRate(view) {
  let offset = 12;
  while (offset + 16 <= view.byteLength) {
    if (text(view, offset, 4) === "fmt ") return view.getUint32(offset + 12, true);
    const size = view.getUint32(offset + 4, true);
    offset += 8 + size + (size % 2);
  }
  return null;
}

function text(view, offset, length) {
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + offset, length));
}
