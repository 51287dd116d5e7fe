// Inflating (RFC 1951) in steps, as far as the input and the output space allow.
import {
  CARRY,
  CARRY_CAPACITY,
  DISTANCE_TABLE,
  FIXED_DISTANCE_TABLE,
  FIXED_LITLEN_TABLE,
  INPUT,
  INPUT_CAPACITY,
  INPUT_END,
  LITLEN_TABLE,
  OUTPUT,
  OUTPUT_CAPACITY,
  OUTPUT_END,
  RESULT,
  within,
} from './areas';
import { bitCount, limit, position, continueReading, startReading, unload } from './bit-reader';
import { distanceBits, litlenBits, readHeader, restoreTables } from './block-header';
import {
  AT_BLOCK_END,
  continueWriting,
  copySlowly,
  inflateBlock,
  out,
  outLimit,
  startWriting,
} from './inflate-block';
import { InflateContext, Mode, keptCarry } from './inflate-context';
import { ENDED, NEEDS_INPUT, NEEDS_OUTPUT, Rule } from './outcome';

let fixedLitlenBits: u32 = 0;
let fixedDistanceBits: u32 = 0;

export function setFixedBits(litlen: u32, distance: u32): void {
  fixedLitlenBits = litlen;
  fixedDistanceBits = distance;
}

/**
 * Inflates the first `length` bytes of the input area into the output area.
 *
 * If the stream goes on, the caller then appends the output to the window.
 *
 * @param room the most bytes to produce
 * @returns {@link NEEDS_INPUT}, {@link NEEDS_OUTPUT}, {@link ENDED} or the broken rule; RESULT holds the numbers of bytes read and
 * produced
 */
export function inflateStep(context: InflateContext, length: u32, room: u32): i32 {
  if (!ASC_NO_ASSERT) assert(length <= INPUT_CAPACITY && room <= OUTPUT_CAPACITY);
  const carried = context.carryLength;
  within(INPUT - carried, carried, CARRY, INPUT);
  if (carried > 0) memory.copy(INPUT - carried, keptCarry(context, carried), carried);
  startReading(INPUT - carried, INPUT + length, context.carryBits);
  startWriting(room);

  const outcome = run(context);
  if (outcome < 0) context.mode = Mode.FAILED;
  else if (outcome == ENDED) {
    context.mode = Mode.ENDED;
    // A further call reads nothing.
    context.carryLength = 0;
    context.carryBits = 0;
  } else keepUnread(context, outcome == NEEDS_INPUT);
  const made = <u32>(out - OUTPUT);
  // Bytes that an earlier call counted do not count again.
  const used = outcome == NEEDS_INPUT ? length : position > INPUT ? <u32>(position - INPUT) : 0;
  store<u32>(RESULT, used);
  store<u32>(RESULT + 4, made);
  return outcome;
}

function run(context: InflateContext): i32 {
  if (context.mode == Mode.ENDED) return ENDED;
  if (context.mode == Mode.FAILED) return Rule.FAILED;
  if (context.pendingLength > 0) {
    copySlowly(context, context.pendingDistance, context.pendingLength);
    if (context.pendingLength > 0) return rest(NEEDS_OUTPUT);
  }
  while (true) {
    let outcome: i32 = 0;
    if (context.mode == Mode.HEADER) {
      if (context.isLastBlock) {
        unload();
        return ENDED;
      }
      const at = position;
      const count = bitCount;
      outcome = readHeader(context);
      // An incomplete header is read again from its start.
      if (outcome == NEEDS_INPUT) rewind(at, count);
      if (outcome != 0) return outcome;
      continue;
    }
    if (context.mode == Mode.STORED) {
      outcome = copyStored(context);
    } else if (context.mode == Mode.FIXED) {
      outcome = inflateBlock(
        context,
        FIXED_LITLEN_TABLE,
        fixedLitlenBits,
        FIXED_DISTANCE_TABLE,
        fixedDistanceBits,
      );
    } else {
      restoreTables(context);
      outcome = inflateBlock(context, LITLEN_TABLE, litlenBits, DISTANCE_TABLE, distanceBits);
    }
    if (outcome != AT_BLOCK_END) return rest(outcome);
    context.mode = Mode.HEADER;
  }
}

/** Returns loaded but unused bytes to the input. */
function rest(outcome: i32): i32 {
  unload();
  return outcome;
}

/** Goes back to the bit that is `count` bits before the byte at `at`. */
function rewind(at: usize, count: u32): void {
  const whole = (count + 7) >> 3;
  startReading(at - whole, limit, (whole << 3) - count);
  unload();
}

/** §3.2.4 */
function copyStored(context: InflateContext): i32 {
  unload();
  const left = min(min(context.storedLeft, <u32>(limit - position)), <u32>(outLimit - out));
  within(position, left, CARRY, INPUT_END);
  within(out, left, OUTPUT, OUTPUT_END);
  memory.copy(out, position, left);
  continueReading(position + left, 0, 0);
  continueWriting(out + left);
  context.storedLeft -= left;
  if (context.storedLeft == 0) return AT_BLOCK_END;
  return position == limit ? NEEDS_INPUT : NEEDS_OUTPUT;
}

/** Keeps the bytes that the next call reads again: those of an incomplete item, or a partly read byte. */
function keepUnread(context: InflateContext, toEnd: bool): void {
  const first = position - ((bitCount + 7) >> 3);
  // If the output space is full, the caller passes whole unread bytes again, except those of earlier calls.
  const end = toEnd ? limit : max(position, INPUT);
  const length = <u32>(end - first);
  if (!ASC_NO_ASSERT) assert(length <= CARRY_CAPACITY);
  const kept = keptCarry(context, length);
  within(first, length, CARRY, INPUT_END);
  if (length > 0) memory.copy(kept, first, length);
  context.carryLength = length;
  context.carryBits = (8 - bitCount) & 7;
}
