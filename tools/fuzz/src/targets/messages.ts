// The inflater of permessage-deflate, with the messages of one connection in order, immediately and in turns (RFC 7692 §7.2.2).
import { between, pick, type Random } from '@framewire/contract/random';
import { PerMessageDeflate, type RoleView } from '@framewire/permessage-deflate';
import { deflateRawSync } from 'node:zlib';
import { must, mustEqual } from '../finding.ts';
import { oneIn, randomBytes, someDeflate, someLength, someText } from '../generate.ts';
import { choose, Input } from '../input.ts';
import { Inflating } from '../model/inflating.ts';
import type { Target } from '../target.ts';

/** Creates the inflater for the messages of a connection. */
export type MakeInflater = (
  takeover: boolean,
  maxPayload: number,
  inTurns: boolean,
) => Pick<PerMessageDeflate, 'decompress' | 'close'>;

const makeInflater: MakeInflater = (takeover, maxPayload, inTurns) => {
  const direction = { windowBits: 15, takeover } as const;
  const view: RoleView = { deflate: direction, inflate: direction };
  return new PerMessageDeflate(view, maxPayload, { inflateInTurnsFrom: inTurns ? 0 : Infinity });
};

export function messagesTarget(make: MakeInflater = makeInflater): Target {
  return {
    name: 'messages',
    generate,
    run: (input) => run(make, input),
  };
}

/** Limits for the length of a message, in bytes. 0 means no limit. */
const LIMITS = [0, 0, 1, 16, 1000, 65_536];

function generate(random: Random): Uint8Array {
  const parts: Uint8Array[] = [randomBytes(random, 1)];
  const past: Uint8Array[] = [];
  for (let count = between(random, 1, 4); count > 0; count--) {
    const message = oneIn(random, 6) ? garbage(random) : honest(random, past);
    parts.push(Buffer.of(message.length >> 8, message.length & 0xff), message);
  }
  return Buffer.concat(parts);
}

/** A message as a peer compresses it, sometimes with references back to earlier messages. */
function honest(random: Random, past: Uint8Array[]): Uint8Array {
  if (oneIn(random, 120)) return bomb(random);
  const plain = oneIn(random, 2)
    ? someText(random, someLength(random))
    : randomBytes(random, Math.min(someLength(random), 4096));
  if (past.length > 0 && oneIn(random, 2)) {
    const earlier = Buffer.concat(past);
    const again = Buffer.concat([earlier.subarray(-40), plain]);
    past.push(again);
    return deflateRawSync(again, { dictionary: earlier, finishFlush: 2 }).subarray(0, -4);
  }
  past.push(plain);
  return someDeflate(random, plain).subarray(0, 0xffff);
}

function bomb(random: Random): Uint8Array {
  const stream = deflateRawSync(Buffer.alloc(between(random, 1, 600_000), pick(random, ['', 'a', 'abc'])), {
    finishFlush: 2,
  });
  return stream.subarray(0, stream.length - 4);
}

function garbage(random: Random): Uint8Array {
  if (oneIn(random, 3)) return randomBytes(random, between(random, 0, 40));
  const message = new Uint8Array(someDeflate(random, someText(random, between(random, 0, 60))));
  const cut = message.subarray(0, between(random, 0, message.length));
  if (cut.length > 0 && oneIn(random, 2)) cut[between(random, 0, cut.length - 1)] = between(random, 0, 255);
  // Many empty streams in one message.
  return oneIn(random, 4)
    ? Buffer.concat(Array.from({ length: between(random, 2, 12) }, () => Buffer.from('0300', 'hex')))
    : cut;
}

async function run(make: MakeInflater, bytes: Uint8Array): Promise<string> {
  const input = new Input(bytes);
  const choices = input.byte();
  const takeover = (choices & 1) === 0;
  const maxPayload = choose(LIMITS, (choices >> 1) & 7);
  const messages: Uint8Array[] = [];
  while (!input.isOver) messages.push(input.bytes(input.uint16()));

  const model = new Inflating(takeover);
  const limit = maxPayload || Infinity;
  const expected: (Buffer | undefined)[] = [];
  for (const message of messages) {
    const data = model.inflate(message);
    expected.push(data);
    // After a refused message, nothing is read. A peer must not send a message that stops within a block: its data is
    // reported, but the meaning of the next message is undefined.
    if (data === undefined || data.length > limit || !model.isAtBlockEnd) break;
  }
  const count = expected.length;
  const outcomes: string[] = [];
  for (const inTurns of [false, true]) {
    // Messages that are inflated in turns take longer, so this is done for only one input of four.
    if (inTurns && (choices & 0x60) !== 0) continue;
    const inflater = make(takeover, maxPayload, inTurns);
    try {
      for (let index = 0; index < count; index++) {
        const outcome = await inflated(inflater, messages[index] as Uint8Array);
        checkOutcome(outcome, expected[index], limit);
        outcomes.push(typeof outcome === 'string' ? outcome : sizeClass(outcome.length));
      }
    } finally {
      inflater.close();
    }
  }
  return `${takeover ? 'takeover' : 'alone'} ${[...new Set(outcomes)].slice(0, 3).join()}`;
}

/** The message, or the code of a documented error. */
async function inflated(
  inflater: Pick<PerMessageDeflate, 'decompress'>,
  message: Uint8Array,
): Promise<Uint8Array | string> {
  const { error, data } = await new Promise<{
    error: (Error & { code?: string; closeCode?: number }) | null;
    data: Uint8Array | undefined;
  }>((resolve) => {
    inflater.decompress(message, (error, data) => resolve({ error, data }));
  });
  if (error === null) return data as Uint8Array;
  const known = { Z_DATA_ERROR: 1007, WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009 }[error.code ?? ''];
  if (known === undefined) throw error;
  mustEqual('close code', error.closeCode, known);
  return error.code ?? '';
}

function checkOutcome(outcome: Uint8Array | string, expected: Buffer | undefined, limit: number): void {
  if (expected === undefined) {
    // A corrupt message may exceed the limit before the inflater reaches its corrupt part.
    must(typeof outcome === 'string', 'accepts an invalid DEFLATE stream');
    must(
      outcome !== 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' || limit < Infinity,
      'reports a limit where there is none',
    );
  } else if (expected.length > limit) {
    mustEqual('a message beyond the limit', outcome, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH');
  } else {
    must(
      typeof outcome !== 'string',
      `refuses a valid message of ${expected.length} bytes with ${String(outcome)}`,
    );
    must(expected.equals(outcome as Uint8Array), 'returns a different message than was compressed');
  }
}

function sizeClass(length: number): string {
  return length === 0 ? 'empty' : length < 1024 ? 'short' : length < 65_536 ? 'long' : 'huge';
}
