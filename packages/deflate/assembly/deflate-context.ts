// The state that a deflating context keeps between calls: the window, and the hash tables that find bytes in it.
import { Window, append, resetWindow } from './window';

@unmanaged
export class DeflateContext extends Window {
  // With chains, the tables hold the last position of each hash, modulo 65,536: `longHeads` of six bytes, `shortHeads` of four. With
  // buckets, `longHeads` holds the buckets.
  longHeads: usize;
  longBits: u32;
  shortHeads: usize;
  shortBits: u32;
  /** Whether the search uses chains instead of buckets. */
  isChained: u32;
  /** The position of the next byte in the stream, modulo 65,536. */
  position: u32;
  /** Bits that do not fill a byte yet. */
  bits: u32;
  bitCount: u32;
}

/** The position of the first byte. Empty hash entries are 0. Until positions wrap around, 0 is out of range for a match. */
const FIRST_POSITION: u32 = 0x8001;

/** Begins a stream with an empty window. */
export function resetDeflate(context: DeflateContext): void {
  resetWindow(context, context.ring, context.ringSize);
  context.bits = 0;
  context.bitCount = 0;
  context.position = FIRST_POSITION;
  emptyHeads(context);
}

/** Empties the hash tables. The bucket search does not use the hashes of four bytes. */
export function emptyHeads(context: DeflateContext): void {
  memory.fill(context.longHeads, 0, (<usize>2) << context.longBits);
  if (context.isChained) memory.fill(context.shortHeads, 0, (<usize>2) << context.shortBits);
}

/** Appends bytes to the window. */
export function addHistory(context: DeflateContext, from: usize, length: u32): void {
  context.position = (context.position + length) & 0xffff;
  append(context, from, length);
}
