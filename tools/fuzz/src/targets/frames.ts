// The frame decoder and the message assembler, used like in a connection, and compared with the model's receiver (RFC 6455 §5).
import {
  encodeFrame,
  FrameDecoder,
  isControl,
  isProtocolError,
  MessageAssembler,
  Opcode,
  parseClosePayload,
  type Frame,
} from '@framewire/codec';
import { between, type Random } from '@framewire/contract/random';
import { must, mustEqual } from '../finding.ts';
import { frameOf, oneIn, randomBytes, someFrames } from '../generate.ts';
import { choose, hex, Input } from '../input.ts';
import { BREACHES } from '../model/breach.ts';
import { readFrame, Receiver, type Received, type Terms } from '../model/receiver.ts';
import { splitAnywhere, splitBytewise } from '../splitting.ts';
import type { Target } from '../target.ts';

/** The classes under test. */
export interface Codec {
  readonly FrameDecoder: typeof FrameDecoder;
  readonly MessageAssembler: typeof MessageAssembler;
}

/** What an input chooses: the terms, and options that the model does not have. */
interface Options extends Terms {
  readonly keepFragments: boolean;
  readonly maxBufferedChunks: number;
  readonly seed: number;
}

/** More bytes than this would take too long if they arrived one by one. */
const SHORT = 600;
/** A buffer may be this many times as large as the bytes that have arrived, or as large as the smallest buffer. */
const GROWTH = 17;
const SMALLEST = 1024;

export function framesTarget(codec: Codec = { FrameDecoder, MessageAssembler }): Target {
  return {
    name: 'frames',
    generate,
    run: (input) => run(codec, input),
  };
}

function readOptions(input: Input): Options {
  const flags = input.byte();
  const limits = input.byte();
  return {
    role: (flags & 1) === 0 ? 'server' : 'client',
    compression: (flags & 2) !== 0,
    keepFragments: (flags & 4) !== 0,
    skipUtf8: (flags & 24) === 24,
    maxPayload: choose([0, 0, 0, 16, 125, 65_536, 1], limits & 7),
    maxFragments: choose([0, 0, 1, 3], (limits >> 3) & 3),
    maxBufferedChunks: choose([0, 0, 0, 2], (limits >> 5) & 3),
    seed: input.uint16(),
  };
}

function generate(random: Random): Uint8Array {
  const choices = randomBytes(random, 4);
  // Most inputs have no limits, because a limit ends most inputs early.
  if (!oneIn(random, 3)) choices[1] = 0;
  const masked = ((choices[0] as number) & 1) === 0;
  if (oneIn(random, 10)) return Buffer.concat([choices, randomBytes(random, between(random, 0, 60))]);
  const compress = ((choices[0] as number) & 2) === 0 ? undefined : (data: Uint8Array) => data;
  const frames = someFrames(random, { masked, compress }, between(random, 1, 8));
  if (oneIn(random, 5))
    frames.push(
      frameOf(random, { fin: true, rsv: 0, opcode: 1, masked, payload: Buffer.from('€'), announced: 5 }),
    );
  return Buffer.concat([choices, ...frames]);
}

function run(codec: Codec, bytes: Uint8Array): string {
  const input = new Input(bytes);
  const options = readOptions(input);
  const wire = input.rest();
  const whole = read(codec, [new Uint8Array(wire)], options);
  mustEqual('reported for the whole', whole, expected(wire, options));
  const splits = [splitAnywhere(wire, options.seed)];
  if (wire.length <= SHORT) splits.push(splitBytewise(wire));
  for (const chunks of splits) {
    const reported = read(codec, chunks, options);
    // Only the limit on chunks depends on where the bytes are cut.
    const tooMany =
      options.maxBufferedChunks > 0 && reported.at(-1) === 'breach WS_ERR_TOO_MANY_BUFFERED_PARTS';
    mustEqual(
      `reported for ${chunks.length} chunks`,
      tooMany ? reported.slice(0, -1) : reported,
      tooMany ? whole.slice(0, reported.length - 1) : whole,
    );
  }
  return [options.role, ...new Set(whole.map(kindOf))].sort().join();
}

function kindOf(line: string): string {
  return line.split(' ', line.startsWith('breach') ? 2 : 1).join(' ');
}

/** What the implementation reports for chunks, one line each. */
function read(codec: Codec, chunks: readonly Uint8Array[], options: Options): string[] {
  const { role, compression, maxPayload, maxBufferedChunks, keepFragments, skipUtf8 } = options;
  const decoder = new codec.FrameDecoder({ role, allowRsv1: compression, maxPayload, maxBufferedChunks });
  const maxFragments = options.maxFragments;
  const assembler = new codec.MessageAssembler({ maxPayload, maxFragments, skipUtf8Validation: skipUtf8 });
  assembler.keepFragments = keepFragments;
  const reported: string[] = [];
  let received = 0;
  try {
    for (const chunk of chunks) {
      received += chunk.length;
      decoder.push(chunk);
      for (let frame; (frame = decoder.next()) !== undefined;) {
        checkEncoding(frame);
        const line = lineOf(frame, assembler, received, skipUtf8);
        if (line !== undefined) reported.push(line);
        if (frame.opcode === Opcode.CLOSE) return reported;
      }
      const { partial } = decoder;
      if (partial === undefined) continue;
      checkHeld('a frame that has arrived in part', partial.payload.bytes.length, received);
      assembler.preview(partial);
    }
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    reported.push(`breach ${error.code}`);
    mustEqual('close code', error.closeCode, closeCodeOf(error.code));
  }
  return reported;
}

function lineOf(
  frame: Frame,
  assembler: MessageAssembler,
  received: number,
  skipUtf8: boolean,
): string | undefined {
  if (frame.opcode === Opcode.CLOSE) {
    const { code, reason } = parseClosePayload(frame.payload, skipUtf8);
    return `close ${code} ${hex(reason)}`;
  }
  if (isControl(frame.opcode))
    return `${frame.opcode === Opcode.PING ? 'ping' : 'pong'} ${hex(frame.payload)}`;
  const message = assembler.add(frame);
  if (message === undefined) return undefined;
  checkHeld('a message', message.data.buffer.byteLength, received);
  const { fragments } = message;
  if (fragments !== undefined) mustEqual('its fragments', hex(Buffer.concat(fragments)), hex(message.data));
  return `${message.opcode === Opcode.TEXT ? 'text' : 'binary'}${message.compressed ? ' compressed' : ''} ${hex(message.data)}`;
}

/** The bytes that have arrived limit the memory, whatever length a header announces. */
function checkHeld(what: string, held: number, received: number): void {
  must(held <= Math.max(SMALLEST, received * GROWTH), `${what} holds ${held} bytes, of ${received} received`);
}

/** Writes a frame that was read. The model must read the same frame again. */
function checkEncoding({ fin, rsv1, opcode, payload }: Frame): void {
  for (const maskingKey of [undefined, 0x9f00_41e7]) {
    const frame = readFrame(encodeFrame({ fin, rsv1, opcode, payload, maskingKey }));
    mustEqual(
      'a frame that was written',
      [
        frame?.fin,
        frame?.rsv1,
        frame?.rsv2or3,
        frame?.opcode,
        frame?.masked,
        hex(frame?.body?.payload ?? new Uint8Array(0)),
      ],
      [fin, rsv1, false, opcode, maskingKey !== undefined, hex(payload)],
    );
  }
}

function expected(wire: Uint8Array, options: Options): string[] {
  return new Receiver(options).receive(wire).map(expectedLine);
}

function expectedLine(received: Received): string {
  switch (received.kind) {
    case 'breach':
      return `breach ${BREACHES[received.breach][1]}`;
    case 'close':
      return `close ${received.code ?? 1005} ${hex(received.reason)}`;
    case 'ping':
    case 'pong':
      return `${received.kind} ${hex(received.data)}`;
    default:
      return `${received.kind}${received.compressed ? ' compressed' : ''} ${hex(received.data)}`;
  }
}

function closeCodeOf(code: string): number | undefined {
  return Object.values(BREACHES).find(([, ours]) => ours === code)?.[0];
}
