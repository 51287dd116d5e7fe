// A server's connection whose peer reads only when the test allows it.
import { Buffer } from 'node:buffer';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocketConnection, type ConnectionOptions } from '@framewire/connection';

/** A connection, and the bytes written to it. */
export interface HeldConnection {
  readonly ws: WebSocketConnection;
  /** The bytes of each write. */
  readonly writes: readonly Buffer[];
  /** The texts that the peer has read. */
  readonly texts: readonly string[];
  /** Their opcodes (RFC 6455 §5.2). */
  readonly opcodes: readonly number[];
  /** Opens it, if it was made to open later. */
  open(): void;
  /** Makes writes wait from now on. */
  hold(): void;
  /** Lets writes continue. Resolves when all their effects have happened. */
  release(): Promise<void>;
}

/** A connection over a stream in memory. Its messages must be texts of at most 125 bytes. */
export function heldConnection(
  options: ConnectionOptions = {},
  opens: 'at once' | 'later' = 'at once',
): HeldConnection {
  const writes: Buffer[] = [];
  const texts: string[] = [];
  const opcodes: number[] = [];
  let isHeld = false;
  let waiting: (() => void) | undefined;
  const take = (bytes: Buffer, done: () => void): void => {
    writes.push(bytes);
    const deliver = (): void => {
      for (const { opcode, text } of framesOf(bytes)) {
        texts.push(text);
        opcodes.push(opcode);
      }
      done();
    };
    if (isHeld) waiting = deliver;
    else deliver();
  };
  const stream = new Duplex({
    read() {},
    write: (bytes: Buffer, _encoding, done) => take(bytes, done),
  });
  const ws = new WebSocketConnection(options);
  const open = (): void => ws.setSocket(stream, Buffer.alloc(0), { role: 'server' });
  if (opens === 'at once') open();
  return {
    ws,
    writes,
    texts,
    opcodes,
    open,
    hold() {
      isHeld = true;
    },
    async release() {
      isHeld = false;
      // Messages of this turn are written at its end.
      await turn();
      for (let deliver = waiting; deliver !== undefined; deliver = waiting) {
        waiting = undefined;
        deliver();
        await turn();
      }
    },
  };
}

/** Unmasked frames with short lengths (RFC 6455 §5.2). */
function framesOf(bytes: Buffer): { opcode: number; text: string }[] {
  const frames: { opcode: number; text: string }[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes[at + 1] as number;
    if (length > 125) throw new RangeError('Only short frames are read here');
    frames.push({
      opcode: (bytes[at] as number) & 0x0f,
      text: bytes.toString('utf8', at + 2, at + 2 + length),
    });
    at += 2 + length;
  }
  return frames;
}
