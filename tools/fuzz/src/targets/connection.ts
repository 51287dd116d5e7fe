// A whole connection over a stream in memory, compared with the model's endpoint (RFC 6455 §5, §7). The input has the peer's bytes, cut
// anywhere, and calls of the application in between.
import { between, type Random } from '@framewire/contract/random';
import { oneIn, randomBytes, someDeflate, someFrames, someText } from '../generate.ts';
import { choose, Input } from '../input.ts';
import { closeBody, Endpoint } from '../model/endpoint.ts';
import { splitAnywhere, splitBytewise } from '../splitting.ts';
import type { Target } from '../target.ts';
import { openConnection, WatchedConnection, type Open, type WatchOptions } from '../watched-connection.ts';

export function connectionTarget(connect: Open = openConnection): Target {
  return {
    name: 'connection',
    generate,
    run: (input) => run(connect, input),
  };
}

interface Options extends WatchOptions {
  readonly seed: number;
  readonly lastWord: LastWord;
}

/** How the stream ends after the last step. */
type LastWord = 'the peer ends its side' | 'the peer is gone' | 'terminate';

/** One step: the peer sends bytes, or the application calls a method. */
type Step =
  | { readonly bytes: Uint8Array }
  | { readonly call: 'send' | 'ping' | 'pong' | 'close'; readonly payload: Uint8Array }
  | { readonly call: 'pause' | 'resume' };

/**
 * The first byte of a step. From CALLS on, it is a call. LONG means that the next two bytes are the number of bytes that the peer sends.
 * Below LONG, the first byte is that number, minus one.
 */
const CALLS = 0xe0;
const LONG = 0xdf;
/** More bytes than this would take too long if they arrived one by one. */
const SHORT = 400;

function readOptions(input: Input): Options {
  const flags = input.byte();
  const more = input.byte();
  return {
    role: (flags & 1) === 0 ? 'server' : 'client',
    compression: (flags & 6) === 6,
    takeover: (flags & 8) === 0,
    // Messages that are inflated in turns take longer, so this is done for only one input of sixteen.
    inTurns: (flags & 0xf0) === 0xf0,
    maxPayload: choose([0, 0, 0, 0, 0, 16, 125, 1000], more & 7),
    maxFragments: choose([0, 0, 0, 3], (more >> 3) & 3),
    autoPong: (more & 0x60) !== 0x60,
    synchronous: (more & 0x80) === 0,
    ...lateOptions(input.byte()),
    seed: input.byte(),
  };
}

function lateOptions(byte: number): Pick<Options, 'skipUtf8' | 'lastWord'> {
  const lastWords = [
    'the peer ends its side',
    'the peer ends its side',
    'the peer is gone',
    'terminate',
  ] as const;
  return { skipUtf8: (byte & 7) === 7, lastWord: choose(lastWords, byte >> 3) };
}

function readSteps(input: Input): Step[] {
  const steps: Step[] = [];
  while (!input.isOver) {
    const word = input.byte();
    if (word < LONG) steps.push({ bytes: input.bytes(word + 1) });
    else if (word === LONG) steps.push({ bytes: input.bytes(input.uint16()) });
    else steps.push(callOf(word - CALLS, input));
  }
  return steps;
}

function callOf(word: number, input: Input): Step {
  const call = choose(['send', 'ping', 'pong', 'close', 'pause', 'resume'] as const, word);
  if (call === 'pause' || call === 'resume') return { call };
  if (call !== 'close') return { call, payload: input.bytes(input.byte() % 126) };
  const code = choose([undefined, 1000, 1001, 3000, 4999], input.byte());
  return { call, payload: code === undefined ? new Uint8Array(0) : closeBody(code, Buffer.from('bye')) };
}

function generate(random: Random): Uint8Array {
  const choices = randomBytes(random, 4);
  if (!oneIn(random, 3)) choices[1] = 0;
  if (!oneIn(random, 4)) choices[2] = 0;
  const flags = choices[0] as number;
  const compress = (flags & 6) === 6 ? (plain: Uint8Array) => someDeflate(random, plain) : undefined;
  const wire = Buffer.concat(
    someFrames(random, { masked: (flags & 1) === 0, compress }, between(random, 1, 8)),
  );
  const steps: Uint8Array[] = [];
  for (let at = 0; at < wire.length;) {
    if (oneIn(random, 8)) steps.push(someCall(random));
    const length = oneIn(random, 3) ? between(random, 1, 8) : between(random, 1, 0xffff);
    const sent = wire.subarray(at, at + length);
    at += sent.length;
    steps.push(
      sent.length <= LONG
        ? Buffer.of(sent.length - 1)
        : Buffer.of(LONG, sent.length >> 8, sent.length & 0xff),
      sent,
    );
  }
  if (oneIn(random, 3)) steps.push(someCall(random));
  return Buffer.concat([choices, ...steps]);
}

function someCall(random: Random): Uint8Array {
  const word = between(random, 0, 5);
  if (word >= 4) return Buffer.of(CALLS + word);
  if (word === 3) return Buffer.of(CALLS + word, between(random, 0, 4));
  const payload = someText(random, between(random, 0, 20)).subarray(0, 125);
  return Buffer.concat([Buffer.of(CALLS + word, payload.length), payload]);
}

async function run(connect: Open, bytes: Uint8Array): Promise<string> {
  const input = new Input(bytes);
  const options = readOptions(input);
  const steps = readSteps(input);
  const size = steps.reduce((sum, step) => sum + ('bytes' in step ? step.bytes.length : 0), 0);
  const cuts: ((sent: Uint8Array) => Uint8Array[])[] = [
    (sent) => [sent],
    (sent) => splitAnywhere(sent, options.seed),
  ];
  if (size <= SHORT) cuts.push(splitBytewise);
  let events: readonly string[] = [];
  for (const cut of cuts) events = await playAndCompare(connect, options, steps, cut);
  // The outcome includes only the end, because all events would give too many outcomes.
  const endings = events.flatMap((line) => /^error \S+|^close [1-4]\d/.exec(line) ?? []);
  return [options.role, ...(options.compression ? ['deflate'] : []), ...endings].join();
}

/** Applies each step to the connection and to the model, and then compares the two. */
async function playAndCompare(
  connect: Open,
  options: Options,
  steps: readonly Step[],
  cut: (sent: Uint8Array) => Uint8Array[],
): Promise<readonly string[]> {
  const { role } = options;
  const model = new Endpoint(options);
  const ours = new WatchedConnection(connect, options);
  try {
    for (const step of steps) {
      if ('bytes' in step) {
        for (const chunk of cut(step.bytes)) ours.wire.peerSends(chunk);
        model.take({ bytes: step.bytes });
      } else {
        call(ours, model, step, role);
      }
      await ours.agreesWith(model);
    }
    if (options.lastWord === 'the peer ends its side') {
      ours.ws.resume();
      model.resume();
      await ours.agreesWith(model);
      ours.wire.peerEnds();
      model.take('end');
    } else {
      if (options.lastWord === 'terminate') ours.ws.terminate();
      else ours.wire.destroy();
      model.lose();
    }
    await ours.agreesWith(model);
    await ours.isOver();
  } finally {
    ours.wire.destroy();
  }
  return model.events;
}

function call(
  ours: WatchedConnection,
  model: Endpoint,
  step: Exclude<Step, { bytes: Uint8Array }>,
  role: string,
): void {
  const { ws } = ours;
  switch (step.call) {
    case 'pause':
    case 'resume':
      ws[step.call]();
      model[step.call]();
      break;
    case 'close':
      if (step.payload.length === 0) ws.close();
      else ws.close(Buffer.from(step.payload).readUInt16BE(), step.payload.subarray(2));
      model.startClosing(step.payload);
      break;
    case 'send': {
      // Covers both kinds: a client sends binary messages, a server sends text.
      const binary = role === 'client';
      ws.send(step.payload, { binary }, ours.callback());
      model.send(binary ? 'binary' : 'text', step.payload);
      break;
    }
    case 'ping':
    case 'pong':
      ws[step.call](step.payload, undefined, ours.callback());
      model.send(step.call, step.payload);
  }
}
