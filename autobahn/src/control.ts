/** The command mode of the fuzzing server: on any other path, a client sends commands in JSON. Each makes the suite send frames or a Close. */

import { Opcode } from './frames.ts';
import { closeBody } from './notation.ts';
import type { Write } from './case.ts';
import type { Engine } from './engine.ts';
import type { Frame } from './frames.ts';

/** Carries out commands until TCP is gone: `["sendframe", {…}]`, `["sendframes", […]]`, `["close", {…}]`, `["echo", {…}]`. */
export function obey(engine: Engine, early: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const message = (kind: 'text' | 'binary', payload: Buffer) => {
      if (kind === 'text') carryOut(engine, payload.toString('utf8'));
    };
    engine.start({ opened: () => {}, message, pong: () => {}, gone: resolve }, early);
  });
}

function carryOut(engine: Engine, text: string): void {
  const command = parse(text);
  if (!Array.isArray(command)) return;
  const [name, argument] = command as [unknown, unknown];
  switch (name) {
    case 'sendframe':
      sendFrame(engine, asObject(argument));
      break;
    case 'sendframes':
      for (const frame of Array.isArray(argument) ? argument : []) sendFrame(engine, asObject(frame));
      break;
    case 'echo':
      sendFrame(engine, { ...asObject(argument), opcode: Opcode.text });
      break;
    case 'close':
      close(engine, asObject(argument));
      break;
    default:
  }
}

type Json = Readonly<Record<string, unknown>>;

function sendFrame(engine: Engine, spec: Json): void {
  const { opcode, fin = true, rsv = 0, chopsize, sync } = spec;
  if (typeof opcode !== 'number' || typeof rsv !== 'number') return;
  const frame: Frame = {
    opcode: opcode & 0x0f,
    fin: fin !== false,
    rsv: rsv & 0x07,
    payload: payloadOf(spec),
  };
  const write: Write =
    typeof chopsize === 'number' && chopsize > 0 ? { chop: chopsize } : sync ? 'sync' : 'plain';
  engine.send([frame], write);
}

/** The payload of a frame, repeated and cut to `payload_len` if that is given. */
function payloadOf({ payload, payload_len: length }: Json): Buffer {
  const octets = Buffer.from(typeof payload === 'string' ? payload : '');
  if (typeof length !== 'number' || length < 0) return octets;
  return octets.length > 0 ? Buffer.alloc(length, octets) : Buffer.alloc(length);
}

function close(engine: Engine, { code, reason }: Json): void {
  if (typeof code !== 'number') engine.close(Buffer.alloc(0));
  else engine.close(closeBody(code & 0xffff, Buffer.from(typeof reason === 'string' ? reason : '')));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
