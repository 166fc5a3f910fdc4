// The sample rate of a file, read from its header: decoding resamples without saying so.

// Samples per second of MPEG 1; MPEG 2 has half of them, MPEG 2.5 a quarter.
const MPEG_RATES = [44100, 48000, 32000];
const OPUS_RATE = 48000; // whatever was recorded: a decoder gives this rate

/**
 * Sample rate in Hz of a WAV, FLAC, Ogg (Vorbis, Opus) or MP3 file; null for any other format.
 *
 * @param {ArrayBuffer} bytes
 * @returns {number | null}
 */
export function sampleRateOf(bytes) {
  const view = new DataView(bytes);
  if (view.byteLength < 44) return null;
  const magic = text(view, 0, 4);
  if (magic === "RIFF" || magic === "RF64") return waveRate(view);
  // FLAC: marker, block header of four bytes, ten bytes of STREAMINFO, then 20 bits of sample rate.
  if (magic === "fLaC")
    return (view.getUint8(18) << 12) | (view.getUint8(19) << 4) | (view.getUint8(20) >> 4);
  if (magic === "OggS") return oggRate(view);
  return mp3Rate(view, text(view, 0, 3) === "ID3" ? 10 + tagSize(view) : 0);
}

/**
 * The first packet follows a page header of 27 bytes and its table of segments.
 *
 * @param {DataView} view
 */
function oggRate(view) {
  const packet = 27 + view.getUint8(26);
  if (packet + 16 > view.byteLength) return null;
  if (text(view, packet, 8) === "OpusHead") return OPUS_RATE;
  return text(view, packet, 7) === "\u0001vorbis" ? view.getUint32(packet + 12, true) : null;
}

/**
 * Size of an ID3v2 tag after its header: four bytes of seven bits.
 *
 * @param {DataView} view
 */
function tagSize(view) {
  return [6, 7, 8, 9].reduce((size, at) => 128 * size + view.getUint8(at), 0);
}

/**
 * A frame of layer III begins with eleven bits set, then its version and layer; two bits of the third byte are the rate.
 *
 * @param {DataView} view
 * @param {number} frame
 */
function mp3Rate(view, frame) {
  if (frame + 4 > view.byteLength || view.getUint8(frame) !== 0xff) return null;
  const kind = view.getUint8(frame + 1);
  /** @type {number | undefined} */
  const divisor = { 0xfa: 1, 0xf2: 2, 0xe2: 4 }[kind & 0xfe];
  const rate = MPEG_RATES[(view.getUint8(frame + 2) >> 2) & 3];
  return divisor && rate ? rate / divisor : null;
}

/** @param {DataView} view */
function waveRate(view) {
  let offset = 12;
  while (offset + 16 <= view.byteLength) {
    if (text(view, offset, 4) === "fmt ") return view.getUint32(offset + 12, true);
    const size = view.getUint32(offset + 4, true);
    offset += 8 + size + (size % 2);
  }
  return null;
}

/**
 * @param {DataView} view
 * @param {number} offset
 * @param {number} length
 */
function text(view, offset, length) {
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + offset, length));
}
