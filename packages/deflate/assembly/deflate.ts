// Deflating (RFC 1951): each call makes a block of its input, and flushes where it is asked to.
import { INPUT, INPUT_CAPACITY, OUTPUT } from './areas';
import { align, bitCount, bits, out, startWriting, writeBytes } from './bit-writer';
import { writeBlock, writeEmptyBlock, writeStored } from './block-writer';
import { DeflateContext, addHistory } from './deflate-context';
import { beginChains, startMatching } from './match-finder';
import { parseQuickly, parseThoroughly } from './parse';

/** What a call ends with. */
export namespace Flush {
  export const NONE: u32 = 0;
  /** An empty stored block, so that all that was given can be inflated. */
  export const SYNC: u32 = 1;
  /** The block with BFINAL. */
  export const FINISH: u32 = 2;
}

/** How a call looks for matches. */
export namespace Search {
  /** Not at all: stored blocks. */
  export const NONE: u32 = 0;
  /** By {@link parseQuickly}. */
  export const QUICK: u32 = 1;
  /** The same, and by {@link parseThoroughly} from the first block on in which matches are short. */
  export const EITHER: u32 = 2;
  /** By {@link parseThoroughly}, with a look at the next two positions. */
  export const TWICE: u32 = 3;
}

/** How a quick search works where it is not asked for alone. */
const QUICK_STEP: u32 = 4;
const QUICK_LAZY: u32 = 32;
/** Up to how many bits a block is given no code of its own: making one takes longer than all the rest. */
const QUICK_WORTH_A_CODE: u32 = 800;
const WORTH_A_CODE: u32 = 560;

/**
 * Deflates the first `length` bytes of the input area into the output area.
 *
 * @param depth of a quick search: of how many positions within a match one is entered; of a thorough one: how many places are looked at
 * @param nice a match of so many bytes is long enough
 * @param lazyBelow a match of so many bytes is taken without a look at what follows
 * Where the stream goes on, {@link commit} follows; without it the context is as it was.
 *
 * @returns how many bytes were made
 */
export function deflateStep(
  context: DeflateContext,
  length: u32,
  flush: u32,
  search: u32,
  depth: u32,
  nice: u32,
  lazyBelow: u32,
): u32 {
  if (!ASC_NO_ASSERT) assert(length <= INPUT_CAPACITY);
  startWriting(context.bits, context.bitCount);
  const isLast = flush == Flush.FINISH;
  if (length > 0) {
    if (search == Search.NONE) {
      writeStored(length, isLast);
    } else {
      startMatching(context, length);
      const isQuick = search == Search.QUICK;
      const step = isQuick ? depth : QUICK_STEP;
      const lazy = isQuick ? lazyBelow : QUICK_LAZY;
      if (context.isChained || !parseQuickly(length, step, lazy, !isQuick)) {
        if (!context.isChained) beginChains(context, length);
        parseThoroughly(length, depth, nice, lazyBelow, search == Search.TWICE);
      }
      writeBlock(length, isLast, search == Search.QUICK ? QUICK_WORTH_A_CODE : WORTH_A_CODE);
    }
  } else if (isLast) {
    writeEmptyBlock(true);
  }
  if (flush == Flush.SYNC) writeEmptyBlock(false);
  if (isLast) align();
  writeBytes();
  return <u32>(out - OUTPUT);
}

/** Appends the input of the last {@link deflateStep} to the window, and keeps the bits that do not make a byte yet. */
export function commit(context: DeflateContext, length: u32): void {
  context.bits = <u32>bits;
  context.bitCount = bitCount;
  addHistory(context, INPUT, length);
}
