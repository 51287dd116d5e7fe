// Decodes the symbols of a compressed block (RFC 1951 §3.2.3), until the block, the input or the output space ends.
import {
  CARRY,
  DISTANCE_TABLE_SIZE,
  INPUT_END,
  LITLEN_TABLE_SIZE,
  MAX_LENGTH,
  OUTPUT,
  OUTPUT_END,
  get,
  read,
  write,
} from './areas';
import { bitCount, bits, continueReading, limit, position, unload } from './bit-reader';
import { BLOCK_END, EXCEPTIONAL, LITERAL, SUBTABLE } from './decoding-table';
import { InflateContext, recall } from './inflate-context';
import { NEEDS_INPUT, NEEDS_OUTPUT, Rule } from './outcome';

/** Where the next byte of output goes. */
export let out: usize = 0;
/** Where the output space ends. */
export let outLimit: usize = 0;

export function startWriting(room: u32): void {
  out = OUTPUT;
  outLimit = OUTPUT + room;
}

/** Sets the position after a write that did not use these functions. */
export function continueWriting(at: usize): void {
  out = at;
}

/** The block has ended. */
export const AT_BLOCK_END: i32 = 0;

/** How many bytes a copy may write past its end. */
const OVERRUN: usize = 16;
/** The most bytes that a round of the fast loop writes: three literals, or two and a match. */
const ROUND: usize = 4 + MAX_LENGTH + OVERRUN;

/** @returns {@link AT_BLOCK_END}, {@link NEEDS_INPUT}, {@link NEEDS_OUTPUT} or the broken rule */
export function inflateBlock(
  context: InflateContext,
  litlen: usize,
  litlenBits: u32,
  distances: usize,
  distanceBits: u32,
): i32 {
  if (outLimit >= OUTPUT + ROUND && inflateFast(context, litlen, litlenBits, distances, distanceBits))
    return AT_BLOCK_END;
  return inflateSlowly(context, litlen, litlenBits, distances, distanceBits);
}

/**
 * Decodes while there is input, and output space for a whole round. A round checks only once, at its end, whether it read past the
 * input. If it did, or met an invalid code, the round is undone, and {@link inflateSlowly} decodes the same bits.
 *
 * @returns whether the block has ended
 */
function inflateFast(
  context: InflateContext,
  litlen: usize,
  litlenBits: u32,
  distances: usize,
  distanceBits: u32,
): bool {
  const end = limit;
  const fastLimit = outLimit - ROUND;
  const litlenMask: u64 = (1 << litlenBits) - 1;
  const distanceMask: u64 = (1 << distanceBits) - 1;
  const windowSize = context.windowSize;
  const history = context.historyLength;
  unload();
  let p = position;
  let b = bits;
  let n = bitCount;
  let o = out;
  let ended = false;

  while (o <= fastLimit) {
    const p0 = p;
    const b0 = b;
    const n0 = n;
    const o0 = o;
    b |= read<u64>(p, CARRY, INPUT_END) << n;
    p += (63 - n) >> 3;
    n |= 56;

    let e = get<u32>(litlen, LITLEN_TABLE_SIZE, <usize>(b & litlenMask));
    if (e & LITERAL) {
      b >>= e;
      n -= e & 63;
      write<u8>(o++, OUTPUT, OUTPUT_END, <u8>(e >> 16));
      e = get<u32>(litlen, LITLEN_TABLE_SIZE, <usize>(b & litlenMask));
      if (e & LITERAL) {
        b >>= e;
        n -= e & 63;
        write<u8>(o++, OUTPUT, OUTPUT_END, <u8>(e >> 16));
        e = get<u32>(litlen, LITLEN_TABLE_SIZE, <usize>(b & litlenMask));
      }
    }
    if (e & EXCEPTIONAL) {
      if (e & SUBTABLE) {
        b >>= e;
        n -= e & 63;
        const sub: u64 = (1 << ((e >> 8) & 15)) - 1;
        e = get<u32>(litlen, LITLEN_TABLE_SIZE, (e >> 16) + <u32>(b & sub));
      }
      if (e & EXCEPTIONAL) {
        ended = (e & BLOCK_END) != 0;
        b >>= e;
        n -= e & 63;
        if (!ended || p - (n >> 3) > end) {
          ended = false;
          p = p0;
          b = b0;
          n = n0;
          o = o0;
        }
        break;
      }
    }
    if (e & LITERAL) {
      b >>= e;
      n -= e & 63;
      write<u8>(o++, OUTPUT, OUTPUT_END, <u8>(e >> 16));
      if (p - (n >> 3) <= end) continue;
      p = p0;
      b = b0;
      n = n0;
      o = o0;
      break;
    }

    // The bits used so far are at most 10 + 10 + 15 + 5.
    let saved = b;
    b >>= e;
    n -= e & 63;
    let length = (e >> 16) + ((<u32>(saved & (((<u64>1) << e) - 1))) >> ((e >> 8) & 15));

    b |= read<u64>(p, CARRY, INPUT_END) << n;
    p += (63 - n) >> 3;
    n |= 56;
    e = get<u32>(distances, DISTANCE_TABLE_SIZE, <usize>(b & distanceMask));
    if (e & EXCEPTIONAL) {
      if (e & SUBTABLE) {
        b >>= e;
        n -= e & 63;
        const sub: u64 = (1 << ((e >> 8) & 15)) - 1;
        e = get<u32>(distances, DISTANCE_TABLE_SIZE, (e >> 16) + <u32>(b & sub));
      }
      if (e & EXCEPTIONAL) {
        p = p0;
        b = b0;
        n = n0;
        o = o0;
        break;
      }
    }
    saved = b;
    b >>= e;
    n -= e & 63;
    const distance = (e >> 16) + ((<u32>(saved & (((<u64>1) << e) - 1))) >> ((e >> 8) & 15));
    const made = <u32>(o - OUTPUT);
    if (p - (n >> 3) > end || distance > windowSize || distance > made + history) {
      p = p0;
      b = b0;
      n = n0;
      o = o0;
      break;
    }
    if (distance > made) {
      const back = distance - made;
      const first = min(length, back);
      recall(context, back, o, first);
      o += first;
      length -= first;
      if (length == 0) continue;
    }
    o = copyMatch(o, distance, length);
  }
  continueReading(p, b & (((<u64>1) << n) - 1), n);
  unload();
  out = o;
  return ended;
}

/** Copies a match within the output. May write up to {@link OVERRUN} bytes past its end. Returns the end. */
function copyMatch(o: usize, distance: u32, length: u32): usize {
  const end = o + length;
  let from = o - distance;
  if (distance >= 8) {
    do {
      write<u64>(o, OUTPUT, OUTPUT_END, read<u64>(from, OUTPUT, OUTPUT_END));
      write<u64>(o + 8, OUTPUT, OUTPUT_END, read<u64>(from + 8, OUTPUT, OUTPUT_END));
      o += 16;
      from += 16;
    } while (o < end);
  } else {
    // Each step writes eight bytes, of which the first `distance` are valid.
    do {
      write<u64>(o, OUTPUT, OUTPUT_END, read<u64>(from, OUTPUT, OUTPUT_END));
      o += distance;
      from += distance;
    } while (o < end);
  }
  return end;
}

/** Decodes symbol by symbol, each only if all its bits are available. */
function inflateSlowly(
  context: InflateContext,
  litlen: usize,
  litlenBits: u32,
  distances: usize,
  distanceBits: u32,
): i32 {
  const end = limit;
  const litlenMask: u64 = (1 << litlenBits) - 1;
  const distanceMask: u64 = (1 << distanceBits) - 1;
  let p = position;
  let b = bits;
  let n = bitCount;
  let o = out;
  let outcome: i32 = AT_BLOCK_END;
  for (;;) {
    while (n < 56 && p < end) {
      b |= (<u64>read<u8>(p++, CARRY, INPUT_END)) << n;
      n += 8;
    }
    const b0 = b;
    const n0 = n;
    outcome = NEEDS_INPUT;
    let e = get<u32>(litlen, LITLEN_TABLE_SIZE, <usize>(b & litlenMask));
    if (e & SUBTABLE && !(e & LITERAL)) {
      if ((e & 63) > n) break;
      b >>= e;
      n -= e & 63;
      const sub: u64 = (1 << ((e >> 8) & 15)) - 1;
      e = get<u32>(litlen, LITLEN_TABLE_SIZE, (e >> 16) + <u32>(b & sub));
    }
    const codeBits = (e >> 8) & 15;
    if (max(codeBits, 1) > n) {
      b = b0;
      n = n0;
      break;
    }
    if (e & LITERAL) {
      if (o >= outLimit) {
        b = b0;
        n = n0;
        outcome = NEEDS_OUTPUT;
        break;
      }
      b >>= e;
      n -= e & 63;
      write<u8>(o++, OUTPUT, OUTPUT_END, <u8>(e >> 16));
      continue;
    }
    if (e & EXCEPTIONAL) {
      outcome = e & BLOCK_END ? AT_BLOCK_END : Rule.LITLEN_SYMBOL;
      b >>= e;
      n -= e & 63;
      break;
    }
    if ((e & 63) > n) {
      b = b0;
      n = n0;
      break;
    }
    const length = (e >> 16) + ((<u32>(b & (((<u64>1) << e) - 1))) >> codeBits);
    b >>= e;
    n -= e & 63;

    e = get<u32>(distances, DISTANCE_TABLE_SIZE, <usize>(b & distanceMask));
    if (e & SUBTABLE) {
      if ((e & 63) > n) {
        b = b0;
        n = n0;
        break;
      }
      b >>= e;
      n -= e & 63;
      const sub: u64 = (1 << ((e >> 8) & 15)) - 1;
      e = get<u32>(distances, DISTANCE_TABLE_SIZE, (e >> 16) + <u32>(b & sub));
    }
    const distanceCodeBits = (e >> 8) & 15;
    if (max(distanceCodeBits, 1) > n) {
      b = b0;
      n = n0;
      break;
    }
    if (e & EXCEPTIONAL) {
      outcome = Rule.DISTANCE_SYMBOL;
      break;
    }
    if ((e & 63) > n) {
      b = b0;
      n = n0;
      break;
    }
    const distance = (e >> 16) + ((<u32>(b & (((<u64>1) << e) - 1))) >> distanceCodeBits);
    b >>= e;
    n -= e & 63;
    if (distance > context.windowSize || distance > <u32>(o - OUTPUT) + context.historyLength) {
      outcome = Rule.TOO_FAR_BACK;
      break;
    }
    out = o;
    copySlowly(context, distance, length);
    o = out;
    if (context.pendingLength > 0) {
      outcome = NEEDS_OUTPUT;
      break;
    }
  }
  continueReading(p, b, n);
  out = o;
  return outcome;
}

/** Copies the part of a match that fits, and records the rest in the context. */
export function copySlowly(context: InflateContext, distance: u32, length: u32): void {
  let o = out;
  let left = min(length, <u32>(outLimit - o));
  context.pendingLength = length - left;
  context.pendingDistance = distance;
  const made = <u32>(o - OUTPUT);
  if (distance > made && left > 0) {
    const back = distance - made;
    const first = min(left, back);
    recall(context, back, o, first);
    o += first;
    left -= first;
  }
  for (; left > 0; left--, o++) write<u8>(o, OUTPUT, OUTPUT_END, read<u8>(o - distance, OUTPUT, OUTPUT_END));
  out = o;
}
