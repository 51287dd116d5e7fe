// The kernel in plain JavaScript, for browsers, workers and all engines except Node. Web Crypto only hashes asynchronously, but an
// upgrade is decided synchronously, so this file has a SHA-1 (RFC 3174) of its own.
import type { Kernel } from './kernel.ts';

const KEY_BYTES = 16;

/** SHA-1 processes blocks of this size. 0x80 and a 64-bit length end the message (RFC 3174 §4). */
const BLOCK_BYTES = 64;
const TRAILER_BYTES = 9;

/** How many bytes one call of `String.fromCharCode` decodes. Engines limit the number of arguments. */
const DECODE_STEP = 4096;

export const kernel: Kernel = {
  sha1Base64: (text) => base64(sha1(text)),
  randomKey: () => base64(crypto.getRandomValues(new Uint8Array(KEY_BYTES))),
  decodeLatin1,
  encodeLatin1,
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer as number | undefined),
};

// `TextDecoder` cannot do this, because its "latin1" is windows-1252.
function decodeLatin1(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += DECODE_STEP) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(at + DECODE_STEP, end)));
  }
  return text;
}

function encodeLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function base64(bytes: Uint8Array): string {
  return btoa(decodeLatin1(bytes, 0, bytes.length));
}

function sha1(text: string): Uint8Array {
  const state = new DataView(new ArrayBuffer(20));
  [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0].forEach((word, i) => {
    state.setUint32(4 * i, word);
  });
  const words = new DataView(new ArrayBuffer(80 * 4));
  const message = new DataView(padded(text));
  for (let offset = 0; offset < message.byteLength; offset += BLOCK_BYTES) {
    for (let at = 0; at < BLOCK_BYTES; at += 4) words.setUint32(at, message.getUint32(offset + at));
    addBlock(state, words);
  }
  return new Uint8Array(state.buffer);
}

/** The message, 0x80, zeros up to a full block, and the length in bits at the end (RFC 3174 §4). */
function padded(text: string): ArrayBuffer {
  const blocks = Math.ceil((text.length + TRAILER_BYTES) / BLOCK_BYTES);
  const message = new Uint8Array(blocks * BLOCK_BYTES);
  message.set(encodeLatin1(text));
  message[text.length] = 0x80;
  new DataView(message.buffer).setUint32(message.length - 4, text.length * 8);
  return message.buffer;
}

/** Method 1 of RFC 3174 §6.1: adds the block in the first 16 of the 80 words to the state of five words. */
function addBlock(state: DataView, words: DataView): void {
  const word = (t: number): number => words.getInt32(4 * t);
  for (let t = 16; t < 80; t++) {
    words.setInt32(4 * t, rotate(word(t - 3) ^ word(t - 8) ^ word(t - 14) ^ word(t - 16), 1));
  }
  let a = state.getInt32(0);
  let b = state.getInt32(4);
  let c = state.getInt32(8);
  let d = state.getInt32(12);
  let e = state.getInt32(16);
  for (let t = 0; t < 80; t++) {
    const next = (rotate(a, 5) + mix(t, b, c, d) + e + word(t)) | 0;
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = next;
  }
  [a, b, c, d, e].forEach((sum, i) => {
    state.setInt32(4 * i, state.getInt32(4 * i) + sum);
  });
}

/** The function of step `t` plus its constant (RFC 3174 §5). */
function mix(t: number, b: number, c: number, d: number): number {
  if (t < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (t < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (t < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
