// Deflating (RFC 1951): each call writes its input as a block, and flushes on request.
import { INPUT, INPUT_CAPACITY, OUTPUT } from './areas';
import { align, bitCount, bits, out, startWriting, writeBytes } from './bit-writer';
import { writeBlock, writeEmptyBlock, writeStored } from './block-writer';
import { DeflateContext, addHistory } from './deflate-context';
import { beginChains, startMatching } from './match-finder';
import { parseQuickly, parseThoroughly } from './parse';

/** How a call ends. */
export namespace Flush {
  export const NONE: u32 = 0;
  /** With an empty stored block, so that all input can be inflated. */
  export const SYNC: u32 = 1;
  /** With a block that has BFINAL set. */
  export const FINISH: u32 = 2;
}

/** How a call looks for matches. */
export namespace Search {
  /** No search: stored blocks. */
  export const NONE: u32 = 0;
  /** {@link parseQuickly}. */
  export const QUICK: u32 = 1;
  /** {@link parseQuickly}, then {@link parseThoroughly} from the first block that has short matches. */
  export const EITHER: u32 = 2;
  /** {@link parseThoroughly}, which looks at the next two positions. */
  export const TWICE: u32 = 3;
}

/** `lazyBelow` of the quick search in {@link Search.EITHER}. */
const QUICK_LAZY: u32 = 32;
/** A block of at most this many bits gets no dynamic code: making one takes longer than everything else. */
const QUICK_WORTH_A_CODE: u32 = 800;
const WORTH_A_CODE: u32 = 560;

/**
 * Deflates the first `length` bytes of the input area into the output area.
 *
 * If the stream goes on, the caller calls {@link commit} next. Without that call, the stream is unchanged. The hash tables may then hold
 * positions of this input, which is safe, because the search compares the bytes at each position that it finds.
 *
 * @param depth how many positions the thorough search compares
 * @param nice the thorough search stops at a match of this length
 * @param lazyBelow the search takes a match of at least this length without looking at the next position
 * @returns how many bytes were written
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
      const lazy = isQuick ? lazyBelow : QUICK_LAZY;
      if (context.isChained || !parseQuickly(length, lazy, !isQuick)) {
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

/** Appends the input of the last {@link deflateStep} to the window, and keeps the bits that do not fill a byte yet. */
export function commit(context: DeflateContext, length: u32): void {
  context.bits = <u32>bits;
  context.bitCount = bitCount;
  addHistory(context, INPUT, length);
}
