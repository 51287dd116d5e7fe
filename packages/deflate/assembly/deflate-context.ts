// What a deflating context keeps from call to call: the window, and where in it four bytes were last seen.
import { within } from './areas';

@unmanaged
export class DeflateContext {
  /** Where the window lies, a ring of `windowSize` bytes. */
  ring: usize;
  windowSize: u32;
  /** How many bytes of the ring are history. */
  historyLength: u32;
  /** Where the next byte goes. */
  ringPosition: u32;
  /** Where the last position of each hash lies, modulo 65,536: of six bytes, and of four. */
  longHeads: usize;
  longBits: u32;
  shortHeads: usize;
  shortBits: u32;
  /** How many bytes the stream has had, modulo 65,536. */
  position: u32;
  /** Bits that do not make a byte yet. */
  bits: u32;
  bitCount: u32;
}

/** No position in the first half of a stream's first 64 KiB is as near to this as a match may be: empty heads are told apart. */
const FIRST_POSITION: u32 = 0x8001;

/** Begins a stream with an empty window. */
export function resetDeflate(context: DeflateContext): void {
  context.bits = 0;
  context.bitCount = 0;
  context.historyLength = 0;
  context.ringPosition = 0;
  context.position = FIRST_POSITION;
  memory.fill(context.longHeads, 0, (<usize>2) << context.longBits);
  memory.fill(context.shortHeads, 0, (<usize>2) << context.shortBits);
}

/** Appends bytes to the window. */
export function addHistory(context: DeflateContext, from: usize, length: u32): void {
  const size = context.windowSize;
  const ring = context.ring;
  context.position = (context.position + length) & 0xffff;
  if (length >= size) {
    memory.copy(ring, from + length - size, size);
    context.ringPosition = 0;
    context.historyLength = size;
    return;
  }
  const at = context.ringPosition;
  const first = min(length, size - at);
  within(ring + at, first, ring, ring + size);
  memory.copy(ring + at, from, first);
  memory.copy(ring, from + first, length - first);
  context.ringPosition = (at + length) & (size - 1);
  context.historyLength = min(context.historyLength + length, size);
}
