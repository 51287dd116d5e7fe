// Several contexts of the DEFLATE engine side by side (RFC 1951): what they remember, forget and must not show each other.
import { between, type Random } from '@framewire/contract/random';
import { Deflater, deflate, Inflater, type DeflaterOptions } from '@framewire/deflate';
import { constants, inflateRawSync } from 'node:zlib';
import { mustEqual } from '../finding.ts';
import { oneIn, randomBytes, someLength, someText } from '../generate.ts';
import { hex, Input } from '../input.ts';
import { letEnginesClose } from '../model/inflating.ts';
import type { Target } from '../target.ts';

/** The functions under test. Tests replace them with wrong ones. */
export interface ContextCodec {
  readonly deflate: typeof deflate;
  readonly Deflater: typeof Deflater;
  readonly Inflater: typeof Inflater;
}

export function contextsTarget(codec: ContextCodec = { deflate, Deflater, Inflater }): Target {
  return {
    name: 'contexts',
    generate,
    async run(input) {
      await letEnginesClose();
      return run(codec, input);
    },
  };
}

/** How many pairs of a deflater and an inflater an input has. */
const PAIRS = 3;
/** The most bytes of one message. */
const MOST = 60_000;
/** How much longer than the message a limit may be: the tail of a flush is not sent (RFC 7692 §7.2.1). */
const TAIL = 4;

function generate(random: Random): Uint8Array {
  const parts: Uint8Array[] = [randomBytes(random, 2 * PAIRS)];
  for (let count = between(random, 1, 12); count > 0; count--) {
    const length = someLength(random);
    const chunk = oneIn(random, 2) ? someText(random, length) : randomBytes(random, length % 400);
    parts.push(randomBytes(random, 2), Buffer.of(chunk.length >> 8, chunk.length & 0xff), chunk);
  }
  return Buffer.concat(parts);
}

/** A deflater, the inflater of its peer, and what they should remember. */
class Pair {
  readonly options: DeflaterOptions & { readonly windowBits: number };
  readonly #codec: ContextCodec;
  readonly #inflater: Inflater;
  #deflater: Deflater;
  #history: Buffer;
  /** Whether the deflater was created without the dictionary. */
  #hasForgotten = false;

  constructor(codec: ContextCodec, level: number, choices: number) {
    const dictionary = choices & 8 ? Buffer.from('the dictionary '.repeat(choices)) : undefined;
    this.options = { level, windowBits: 8 + (choices & 7), dictionary };
    this.#codec = codec;
    this.#deflater = new codec.Deflater(this.options);
    this.#inflater = new codec.Inflater(this.options);
    this.#history = this.#within(dictionary ?? Buffer.alloc(0));
  }

  get history(): Buffer {
    return this.#history;
  }

  send(data: Uint8Array): void {
    this.#receive('deflate()', this.#deflater.deflate(data, 'sync'), data);
  }

  sendInParts(data: Uint8Array, at: number): void {
    const parts = [
      this.#deflater.deflate(data.subarray(0, at)),
      this.#deflater.deflate(data.subarray(at), 'sync'),
    ];
    this.#receive('deflate() of parts', Buffer.concat(parts), data);
  }

  /** Returns whether the message was short enough. If not, the peer does not receive it. */
  sendWithin(data: Uint8Array, limit: number): boolean {
    const made = this.#deflater.deflateWithin(data, limit);
    if (made !== undefined) this.#receive('deflateWithin()', made, data);
    return made !== undefined;
  }

  sendAlone(data: Uint8Array): void {
    const { level, windowBits } = this.options;
    const made = this.#codec.deflate(data, { level, windowBits, flush: 'sync' });
    this.#deflater.remember(data);
    this.#receive('remember()', made, data);
  }

  /** Replaces the deflater with one that remembers only the last bytes. The peer does not notice. */
  forget(kept: number): void {
    const history = this.#deflater.history(kept);
    mustEqual(
      'history()',
      hex(history),
      hex(this.#history.subarray(Math.max(0, this.#history.length - kept))),
    );
    this.#deflater.close();
    const { level, windowBits } = this.options;
    this.#deflater = new this.#codec.Deflater({ level, windowBits });
    this.#deflater.remember(history);
    this.#hasForgotten = true;
    this.#history = Buffer.from(history);
  }

  /** A new stream begins on both sides. */
  reset(): void {
    this.#inflater.reset();
    if (this.#hasForgotten) {
      this.#deflater.close();
      this.#deflater = new this.#codec.Deflater(this.options);
      this.#hasForgotten = false;
    } else this.#deflater.reset();
    this.#history = this.#within(Buffer.from(this.options.dictionary ?? []));
  }

  close(): void {
    this.#deflater.close();
    this.#inflater.close();
  }

  #receive(call: string, made: Uint8Array, data: Uint8Array): void {
    mustEqual(`${call}: restored by zlib`, restored(made, this.#history), hex(data));
    mustEqual(`${call}: restored by us`, hex(this.#inflater.inflate(made).data), hex(data));
    this.#history = this.#within(Buffer.concat([this.#history, data]));
  }

  /** The end of a history, which is all that a message may refer back to. */
  #within(history: Buffer): Buffer {
    return history.subarray(Math.max(0, history.length - 2 ** this.options.windowBits));
  }
}

function run(codec: ContextCodec, bytes: Uint8Array): string {
  const input = new Input(bytes);
  const pairs = Array.from({ length: PAIRS }, () => new Pair(codec, input.byte() % 10, input.byte()));
  const seen = new Set<string>();
  try {
    while (!input.isOver) seen.add(act(pairs, input));
  } finally {
    for (const pair of pairs) pair.close();
  }
  return [...seen].sort().join(' ');
}

/** Lets a pair do the next thing. Its data may repeat what it, or another pair, remembers. */
function act(pairs: readonly Pair[], input: Input): string {
  const [choices, amount] = [input.byte(), input.byte()];
  const own = input.bytes(input.uint16());
  const pair = pairs[choices % PAIRS] as Pair;
  const { history } = pairs[amount % PAIRS] as Pair;
  const again = history.subarray(0, (amount + 1) * 128);
  const data = Buffer.concat([own, ...(amount & 16 ? [again, own, again] : [])]).subarray(0, MOST);
  switch (choices >> 5) {
    case 0:
      pair.sendInParts(data, Math.min(amount, data.length));
      return 'parts';
    case 1:
    case 2:
      return pair.sendWithin(data, amount & 32 ? data.length - 1 + TAIL : amount) ? 'within' : 'not';
    case 3:
      pair.sendAlone(data);
      return 'alone';
    case 4:
      pair.forget(amount * 40);
      return 'forget';
    case 5:
      pair.reset();
      return 'reset';
    default:
      pair.send(data);
      return 'send';
  }
}

/** The bytes that zlib restores with a history, in hex; undefined if it refuses the stream. */
function restored(stream: Uint8Array, history: Buffer): string | undefined {
  const dictionary = history.length > 0 ? { dictionary: history } : {};
  try {
    return hex(inflateRawSync(stream, { finishFlush: constants.Z_SYNC_FLUSH, ...dictionary }));
  } catch {
    return undefined;
  }
}
