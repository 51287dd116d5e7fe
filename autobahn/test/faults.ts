/** The faults of the peers of wrong-peer.ts, and the wrong frames that some of them send. */

import { Opcode, RSV1, encodeFrame, freshMask } from '../src/frames.ts';
import { closeBody } from '../src/notation.ts';
import type { Frame } from '../src/frames.ts';

export type Fault =
  | 'none'
  | 'skips the check of UTF-8'
  | 'checks UTF-8 only at the end of a message'
  | 'ignores reserved bits'
  | 'ignores reserved opcodes'
  | 'ignores continuations without a message'
  | 'changes an octet'
  | 'echoes twice'
  | 'never answers a ping'
  | 'answers a ping with other octets'
  | 'answers a ping only after the next message'
  | 'sends unsolicited pongs'
  | 'never answers Close'
  | 'closes with the wrong code'
  | 'closes with an illegal code'
  | 'closes with a reason that is not UTF-8'
  | 'closes with a reason that ends inside a character'
  | 'sends Close twice'
  | 'sends a message before it answers Close'
  | 'sends a message after its Close'
  | 'sends a pong after its Close'
  | 'never drops TCP'
  | 'drops TCP late'
  | 'drops TCP instead of Close'
  | 'drops TCP right after an echo'
  | 'masks when it must not, or does not mask when it must'
  | 'sends text that is not UTF-8'
  | 'sends text that ends inside a character'
  | 'sets a reserved bit in its echo'
  | 'sends its echo with a reserved opcode'
  | 'sends its echo as a continuation of nothing'
  | 'sends its echo as a continuation of nothing with a reserved bit'
  | 'starts its echo inside another message'
  | 'sends its echo with a length that is not in its shortest form'
  | 'fragments its pongs'
  | 'sends data that cannot be inflated'
  | 'refuses the handshake'
  | 'stays silent in the handshake'
  | 'selects a subprotocol that was not requested'
  | 'sends a message along with its handshake'
  | 'sends Close along with its handshake';

/** Returns the octets that a peer with this fault sends in the same segment as its handshake. */
export function alongWithHandshake(fault: Fault, isClient: boolean): Buffer {
  const mask = isClient ? freshMask() : null;
  if (fault === 'sends a message along with its handshake') return encodeFrame(text('early'), mask);
  if (fault !== 'sends Close along with its handshake') return Buffer.alloc(0);
  return encodeFrame({ opcode: Opcode.close, fin: true, rsv: 0, payload: closeBody(1000) }, mask);
}

export function text(payload: string): Frame {
  return { opcode: Opcode.text, fin: true, rsv: 0, payload: Buffer.from(payload) };
}

/** Faults that are in the frames of an echo. */
export const ECHO_FRAMES: Partial<Record<Fault, (echo: Frame) => Frame[]>> = {
  'echoes twice': (echo) => [echo, echo],
  'sends unsolicited pongs': (echo) => [
    { opcode: Opcode.pong, fin: true, rsv: 0, payload: Buffer.alloc(0) },
    echo,
  ],
  'sends text that is not UTF-8': (echo) => [{ ...text(''), payload: Buffer.from([0xff]) }, echo],
  'sends text that ends inside a character': (echo) => [{ ...text(''), payload: Buffer.from([0xc3]) }, echo],
  'sets a reserved bit in its echo': (echo) => [{ ...echo, rsv: 2 }],
  'sends its echo with a reserved opcode': (echo) => [{ ...echo, opcode: 3 }],
  'sends its echo as a continuation of nothing': (echo) => [{ ...echo, opcode: Opcode.continuation }],
  'sends its echo as a continuation of nothing with a reserved bit': (echo) => [
    { ...echo, opcode: Opcode.continuation, rsv: 2 },
  ],
  'starts its echo inside another message': (echo) => [{ ...echo, fin: false }, echo],
  'sends data that cannot be inflated': (echo) => [
    echo.rsv === RSV1 ? { ...echo, payload: Buffer.from([0xff, 0xff]) } : echo,
  ],
};

/** The bodies of Close frames that are wrong. */
export const CLOSE_BODIES: Partial<Record<Fault, Buffer>> = {
  'closes with the wrong code': closeBody(4321),
  'closes with an illegal code': closeBody(1005),
  'closes with a reason that is not UTF-8': closeBody(1000, Buffer.from([0xff])),
  'closes with a reason that ends inside a character': closeBody(1000, Buffer.from([0xc3])),
};

/** Returns a frame with the 64-bit form of the length, even if it is short. */
export function inLongForm(frame: Frame, mask: Buffer | null): Buffer {
  const octets = encodeFrame(frame, mask);
  const masked = (octets[1] ?? 0) & 0x80;
  const form = (octets[1] ?? 0) & 0x7f;
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(frame.payload.length));
  const rest = octets.subarray(form === 127 ? 10 : form === 126 ? 4 : 2);
  return Buffer.concat([octets.subarray(0, 1), Buffer.from([masked | 127]), length, rest]);
}
