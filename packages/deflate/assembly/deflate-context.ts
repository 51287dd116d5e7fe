// What a deflating context keeps from call to call: the window, and where in it four bytes were last seen.
import { Window, append, resetWindow } from './window';

@unmanaged
export class DeflateContext extends Window {
  /** Where the last position of each hash lies, modulo 65,536: of six bytes, and of four. */
  longHeads: usize;
  longBits: u32;
  shortHeads: usize;
  shortBits: u32;
  /** Whether places are found by chains, otherwise by buckets. */
  isChained: u32;
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
  resetWindow(context, context.ring, context.ringSize);
  context.bits = 0;
  context.bitCount = 0;
  context.position = FIRST_POSITION;
  emptyHeads(context);
}

/** The search by buckets does without heads of four bytes. */
export function emptyHeads(context: DeflateContext): void {
  memory.fill(context.longHeads, 0, (<usize>2) << context.longBits);
  if (context.isChained) memory.fill(context.shortHeads, 0, (<usize>2) << context.shortBits);
}

/** Appends bytes to the window. */
export function addHistory(context: DeflateContext, from: usize, length: u32): void {
  context.position = (context.position + length) & 0xffff;
  append(context, from, length);
}
