// The inflater of our DEFLATE engine, in one call and in steps, with any limit (RFC 1951).
import { between, type Random } from '@framewire/contract/random';
import { DeflateError, Inflater, inflate, type Inflated } from '@framewire/deflate';
import { deflateRawSync } from 'node:zlib';
import { must, mustEqual } from '../finding.ts';
import { oneIn, randomBytes, someDeflate, someLength, someText } from '../generate.ts';
import { choose, hex, Input } from '../input.ts';
import { inflateStream, letEnginesClose } from '../model/inflating.ts';
import type { Target } from '../target.ts';

/** The functions under test. Tests replace them with wrong ones. */
export interface InflateCodec {
  readonly inflate: typeof inflate;
  readonly Inflater: new (
    ...options: ConstructorParameters<typeof Inflater>
  ) => Pick<Inflater, 'inflate' | 'close'>;
}

export function inflateTarget(codec: InflateCodec = { inflate, Inflater }): Target {
  return {
    name: 'inflate',
    generate,
    async run(input) {
      await letEnginesClose();
      return run(codec, input);
    },
  };
}

/** Sizes of steps and limits, in bytes. */
const STEPS = [1, 2, 3, 7, 64, 1000, Infinity];
const LIMITS = [Infinity, 1, 2, 17, 258, 1000, 70_000];
/** The most calls for one input. The limit is raised if more would be needed: with one byte, a bomb needs a call for each of its bytes. */
const MOST_STEPS = 1000;
/** Inflated data is compared up to this many bytes. */
const MOST = 200_000;

function generate(random: Random): Uint8Array {
  return Buffer.concat([randomBytes(random, 2), stream(random)]);
}

function stream(random: Random): Uint8Array {
  if (oneIn(random, 8)) return randomBytes(random, between(random, 0, 80));
  if (oneIn(random, 200)) return deflateRawSync(Buffer.alloc(between(random, 1, 300_000), 'ab'));
  const plain = oneIn(random, 2)
    ? someText(random, someLength(random) * 8)
    : Buffer.concat(
        Array.from({ length: between(random, 1, 40) }, () => randomBytes(random, between(random, 0, 9))),
      );
  const made = new Uint8Array(someDeflate(random, plain));
  for (let count = between(random, 0, 3); count > 0 && made.length > 0; count--) {
    if (oneIn(random, 2)) made[between(random, 0, Math.min(made.length - 1, 40))] = between(random, 0, 255);
    else flipBit(made, between(random, 0, made.length * 8 - 1));
  }
  return oneIn(random, 4) ? made.subarray(0, between(random, 0, made.length)) : made;
}

function flipBit(bytes: Uint8Array, bit: number): void {
  bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
}

/** The result for a stream: its inflated bytes, how many bytes were read and why it stopped; or the code of an error. */
type Outcome = { hex: string; consumed: number; stopped: string } | { code: string };

function run({ inflate, Inflater }: InflateCodec, bytes: Uint8Array): string {
  const input = new Input(bytes);
  const step = choose(STEPS, input.byte());
  const limit = choose(LIMITS, input.byte());
  const stream = input.rest();

  const expected = inflateStream(stream, MOST);
  const whole = outcome(() => inflate(stream, { limit: MOST }));
  if (expected === 'long') {
    must('stopped' in whole && whole.stopped === 'limit', 'does not stop at the limit');
    return 'long';
  }
  if (expected === undefined) {
    // An invalid stream may exceed the limit before the inflater reaches its invalid part.
    if (!('code' in whole) && whole.stopped === 'limit') return 'long';
    must('code' in whole, 'accepts an invalid DEFLATE stream');
  } else {
    must(!('code' in whole), `refuses a valid DEFLATE stream with ${'code' in whole ? whole.code : ''}`);
    if ('code' in whole) return '';
    mustEqual('the bytes', whole.hex, hex(expected.data));
    mustEqual('how many bytes were read', whole.consumed, expected.used);
  }
  const made = 'hex' in whole ? whole.hex.length / 2 : 0;
  mustEqual(
    'in steps',
    outcome(() =>
      inflateInSteps(new Inflater(), stream, step, Math.max(limit, Math.ceil(made / MOST_STEPS))),
    ),
    whole,
  );
  return 'code' in whole ? whole.code : `${whole.stopped} ${sizeClass(whole.hex.length / 2)}`;
}

function inflateInSteps(
  inflater: Pick<Inflater, 'inflate' | 'close'>,
  stream: Uint8Array,
  step: number,
  limit: number,
): Inflated {
  const parts: Uint8Array[] = [];
  let consumed = 0;
  try {
    while (true) {
      const result = inflater.inflate(stream.subarray(consumed, consumed + step), limit);
      must(result.data.length <= limit, 'returns more than the limit');
      must(result.consumed > 0 || result.data.length > 0 || result.stopped !== 'limit', 'makes no progress');
      parts.push(result.data);
      consumed += result.consumed;
      if (result.stopped === 'end' || (result.stopped === 'input' && consumed === stream.length)) {
        return { data: Buffer.concat(parts), consumed, stopped: result.stopped };
      }
    }
  } finally {
    inflater.close();
  }
}

function outcome(run: () => Inflated): Outcome {
  try {
    const { data, consumed, stopped } = run();
    return { hex: hex(data), consumed, stopped };
  } catch (error) {
    if (!(error instanceof DeflateError)) throw error;
    return { code: error.code };
  }
}

function sizeClass(length: number): string {
  return length === 0 ? 'empty' : length < 100 ? 'short' : length < 1000 ? 'middling' : 'long';
}
