// The kernel for any JavaScript engine. It needs only typed arrays, `TextEncoder` and `crypto`.
import type { Kernel } from './kernel.ts';

const encoder = new TextEncoder();

export const kernel: Kernel = {
  view: (bytes, start, end) => bytes.subarray(start, end),
  viewOf: (memory, offset, length) => new Uint8Array(memory, offset, length),
  allocate: (size) => new Uint8Array(size),
  pin() {
    // The language has no such feature.
  },
  utf8Length(text) {
    let length = text.length;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit < 0x80) continue;
      length += 1;
      if (unit < 0x800) continue;
      // A pair of surrogates is two units and four bytes. Any other unit from U+0800 on is three bytes.
      const paired = unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
      if (paired) i++;
      length += 1;
    }
    return length;
  },
  writeUtf8: (target, offset, text) => encoder.encodeInto(text, target.subarray(offset)).written,
  randomize(words) {
    crypto.getRandomValues(words);
  },
  nativeIsUtf8: undefined,
  nativeMask: undefined,
  nativeMaskFrom: Infinity,
};
