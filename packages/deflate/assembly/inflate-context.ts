// The state that an inflating context keeps between calls.
import { OUTPUT, OUTPUT_END, within } from './areas';
import { Window, copyOut, resetWindow } from './window';

/** What comes next in the stream. */
export namespace Mode {
  export const HEADER: u32 = 0;
  export const FIXED: u32 = 1;
  export const DYNAMIC: u32 = 2;
  export const STORED: u32 = 3;
  export const ENDED: u32 = 4;
  export const FAILED: u32 = 5;
}

/** The layout of a context: these fields, then the code lengths of the current block, then unread bytes. */
@unmanaged
export class InflateContext extends Window {
  /** The largest distance. */
  windowSize: u32;
  mode: u32;
  isLastBlock: u32;
  /** How many bytes of a stored block are left. */
  storedLeft: u32;
  /** The part of a match that did not fit. */
  pendingLength: u32;
  pendingDistance: u32;
  /** Which build of the shared tables belongs to the current block. */
  tables: u64;
  litlenLengths: u32;
  distanceLengths: u32;
  /** How many bytes of earlier input are unread, and how many bits of the first one are read. */
  carryLength: u32;
  carryBits: u32;
}

const FIELDS: usize = 64;
const LENGTHS_SIZE: usize = 320;
/** The size of a context. */
export const INFLATE_CONTEXT_SIZE: usize = 512;

/** Where a context keeps the code lengths of a dynamic block. */
export function keptLengths(context: InflateContext): usize {
  return changetype<usize>(context) + FIELDS;
}

/** Where a context keeps unread bytes: in a dynamic block after the code lengths, otherwise in their place. */
export function keptCarry(context: InflateContext, length: u32): usize {
  const isDynamic = context.mode == Mode.DYNAMIC;
  const at = changetype<usize>(context) + (isDynamic ? FIELDS + LENGTHS_SIZE : FIELDS);
  within(at, length, changetype<usize>(context), changetype<usize>(context) + INFLATE_CONTEXT_SIZE);
  return at;
}

/** Begins a stream with an empty window. */
export function resetInflate(context: InflateContext): void {
  resetWindow(context, context.ring, context.ringSize);
  context.mode = Mode.HEADER;
  context.isLastBlock = 0;
  context.storedLeft = 0;
  context.pendingLength = 0;
  context.tables = 0;
  context.carryLength = 0;
  context.carryBits = 0;
}

/** Copies bytes of the window to the output, starting `back` bytes before its end. */
export function recall(context: InflateContext, back: u32, output: usize, length: u32): void {
  copyOut(context, back, output, length, OUTPUT, OUTPUT_END);
}
