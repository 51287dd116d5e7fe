/** Reads the notation of the cases: short texts for payloads, steps, logs and end rules. */

import type { EndRule, LogEvent, Step, Write } from './case.ts';

/** The payloads that have a name. */
const NAMED: Readonly<Record<string, Buffer>> = {
  HW: Buffer.from('Hello, world!'),
  HX: Buffer.from('Hello World!'),
  B8: Buffer.from('00fffefdfcfb00ff', 'hex'),
  F1: Buffer.from('fragment1'),
  F2: Buffer.from('fragment2'),
  F3: Buffer.from('fragment3'),
  F4: Buffer.from('fragment4'),
  F5: Buffer.from('fragment5'),
  PP: Buffer.from('ping payload'),
  UP: Buffer.from('unsolicited pong payload'),
  RP: Buffer.from('reserved opcode payload'),
  NP: Buffer.from('non-continuation payload'),
  MP: Buffer.from('middle frame payload'),
  G: Buffer.from('cebae1bdb9cf83cebcceb5', 'hex'),
  CT: Buffer.from('BAsd7&jh23'),
  CB: Buffer.from('00fe23faf0', 'hex'),
  // Valid text. U1a and U1b are its halves, cut between two characters.
  U1: Buffer.from('48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121', 'hex'),
  U1a: Buffer.from('48656c6c6f2dc2b540c39fc3b6c3a4', 'hex'),
  U1b: Buffer.from('c3bcc3a0c3a12d5554462d382121', 'hex'),
  // G, an encoded surrogate, `edited`: invalid from its 13th octet.
  U2: Buffer.from('cebae1bdb9cf83cebcceb5eda080656469746564', 'hex'),
};

/** A data message's type in the notation, and its opcode. */
const DATA_OPCODES: Readonly<Record<string, number>> = { text: 1, bin: 2 };

/**
 * Reads a payload: `∅` (empty), `x00ff` (hex), `2a×125` (an octet repeated), `CT~65536` (repeated and cut to a length),
 * one or more names (`F1F2`), or text in backticks.
 *
 * @throws SyntaxError if the text is none of these.
 */
export function readPayload(text: string): Buffer {
  if (text === '∅') return Buffer.alloc(0);
  const literal = /^`([^`]*)`$/.exec(text);
  if (literal) return Buffer.from(literal[1] ?? '');
  const repeated = /^([0-9a-f]{2})×(\d+)$/.exec(text);
  if (repeated) return Buffer.alloc(Number(repeated[2]), Number.parseInt(repeated[1] ?? '', 16));
  const cyclic = /^(\w+)~(\d+)$/.exec(text);
  if (cyclic) return Buffer.alloc(Number(cyclic[2]), readPayload(cyclic[1] ?? ''));
  if (/^x(?:[0-9a-f]{2})+$/.test(text)) return Buffer.from(text.slice(1), 'hex');
  return readNames(text);
}

function readNames(text: string): Buffer {
  const names = text.match(/[A-Z]+\d?[ab]?/g) ?? [];
  const parts = names.flatMap((name) => NAMED[name] ?? []);
  if (parts.length === 0 || names.join('') !== text || parts.length !== names.length) {
    throw new SyntaxError(`not a payload: ${text}`);
  }
  return Buffer.concat(parts);
}

/**
 * Reads what a case sends: steps, separated by `;`.
 *
 * - a frame: `1.0 r4 HW` (opcode, FIN, reserved bits, payload)
 * - a frame in parts: `header 1.0 of 21`, then `data x00`
 * - a message in fragments: `message text U1 by 1`
 * - a Close: `close()`, `close(1000, HX)`, `close body x61`
 * - pauses and timers: `wait 1`, `wait 1 A` (with a tag), `kill 1`, `end 1`
 *
 * @throws SyntaxError if a step is none of these.
 */
export function readSteps(text: string): Step[] {
  return text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(readStep);
}

function readStep(text: string): Step {
  const [word = '', ...rest] = text.split(' ');
  if (/^\d+\.[01]$/.test(word)) return readFrame(word, rest);
  if (text.startsWith('close')) return { do: 'close', body: readCloseBody(text) };
  const [first = '', second, third, fourth = ''] = rest;
  switch (word) {
    case 'kill':
    case 'end':
      return { do: word, seconds: Number(first) };
    case 'wait':
      return { do: 'wait', seconds: Number(first), tag: second ?? null };
    case 'data':
      return { do: 'data', octets: readPayload(first) };
    case 'header':
      return { do: 'header', ...readKind(first), length: Number(third) };
    case 'message':
      return {
        do: 'message',
        opcode: DATA_OPCODES[first] ?? 0,
        payload: readPayload(second ?? ''),
        fragmentSize: Number(fourth),
      };
    default:
      throw new SyntaxError(`not a step: ${text}`);
  }
}

function readKind(text: string): { opcode: number; fin: boolean } {
  const [opcode, fin] = text.split('.');
  return { opcode: Number(opcode), fin: fin === '1' };
}

function readFrame(kind: string, rest: readonly string[]): Step {
  const bits = /^r([0-7])$/.exec(rest[0] ?? '');
  const payload = rest.slice(bits ? 1 : 0).join(' ');
  return { do: 'frame', ...readKind(kind), rsv: Number(bits?.[1] ?? 0), payload: readPayload(payload) };
}

function readCloseBody(text: string): Buffer {
  const raw = /^close body (\S+)$/.exec(text);
  if (raw) return readPayload(raw[1] ?? '');
  const call = /^close\((?:(\d+)(?:, (\S+))?)?\)$/.exec(text);
  if (!call) throw new SyntaxError(`not a close step: ${text}`);
  const [, code, reason] = call;
  if (code === undefined) return Buffer.alloc(0);
  return closeBody(Number(code), reason === undefined ? undefined : readPayload(reason));
}

/** Returns the body of a Close frame (§5.5.1): the code, then the reason. */
export function closeBody(code: number, reason: Buffer = Buffer.alloc(0)): Buffer {
  const body = Buffer.alloc(2 + reason.length);
  body.writeUInt16BE(code, 0);
  reason.copy(body, 2);
  return body;
}

/**
 * Reads a log of events: `text HW; bin x00; pong PP; timeout A`, or `(none)`.
 *
 * @throws SyntaxError if an event is none of these.
 */
export function readLog(text: string): LogEvent[] {
  if (text === '(none)') return [];
  return text.split(';').map((part) => {
    const [word, ...rest] = part.trim().split(' ');
    const payload = rest.join(' ');
    if (word === 'timeout') return { kind: 'timeout', tag: payload };
    if (word === 'text' || word === 'pong') return { kind: word, payload: readPayload(payload) };
    if (word === 'bin') return { kind: 'binary', payload: readPayload(payload) };
    throw new SyntaxError(`not an event: ${part}`);
  });
}

/**
 * Reads an end rule: which end closes, the codes, `clean`, and the marks `!` and `+`, as in `F 1000,1001 clean +`.
 *
 * @throws SyntaxError if the text is not such a rule.
 */
export function readEnd(text: string): EndRule {
  const match = /^([FP]) ([\d,]+)( clean)?( !)?( \+)?$/.exec(text);
  if (!match) throw new SyntaxError(`not an end rule: ${text}`);
  return {
    by: match[1] === 'F' ? 'F' : 'P',
    codes: (match[2] ?? '').split(',').map(Number),
    clean: match[3] !== undefined,
    wrongEndFails: match[4] !== undefined,
    wrongCodeFails: match[5] !== undefined,
  };
}

/**
 * Reads how the frames are written: `plain`, `sync`, `chop 997`.
 *
 * @throws SyntaxError if the text is none of these.
 */
export function readWrite(text: string): Write {
  if (text === 'plain' || text === 'sync') return text;
  const match = /^chop (\d+)$/.exec(text);
  if (!match) throw new SyntaxError(`not a way of writing: ${text}`);
  return { chop: Number(match[1]) };
}
