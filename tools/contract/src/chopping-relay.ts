// A relay between a client and a server that splits and joins the chunks of the stream.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { createRandom, type Random } from './random.ts';

/** The number of buffered bytes at which the relay stops reading, like a slow peer. */
const HIGH_WATER_MARK = 512 * 1024;

/** Chunks have 1 to 2^16 bytes, with every power of two equally likely. */
const LARGEST_POWER = 16;

export interface Relay {
  readonly port: number;
  /** How many chunks it has passed on. */
  readonly chunks: number;
  close(): void;
}

/** Listens on 127.0.0.1, and connects each client to the given port. */
export async function startRelay(targetPort: number, seed: number): Promise<Relay> {
  const random = createRandom(seed);
  const sockets = new Set<net.Socket>();
  const count = { chunks: 0 };
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = net.connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    chop(near, far, random, count);
    chop(far, near, random, count);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get chunks() {
      return count.chunks;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Passes bytes from one socket to the other, one chunk per turn, so that the kernel does not join the chunks. */
function chop(from: net.Socket, to: net.Socket, random: Random, count: { chunks: number }): void {
  let held: Buffer = Buffer.alloc(0);
  let ended = false;
  let running = false;

  const step = (): void => {
    running = false;
    if (held.length > 0) {
      const size = Math.min(held.length, Math.ceil(2 ** (random() * LARGEST_POWER)));
      const hasRoom = to.write(held.subarray(0, size));
      held = held.subarray(size);
      count.chunks++;
      if (held.length < HIGH_WATER_MARK) from.resume();
      if (hasRoom) run();
      else to.once('drain', run);
    } else if (ended) to.end();
  };
  const run = (): void => {
    if (running || to.writableNeedDrain) return;
    running = true;
    setImmediate(step);
  };

  from.on('data', (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    if (held.length >= HIGH_WATER_MARK) from.pause();
    run();
  });
  from.on('end', () => {
    ended = true;
    run();
  });
}
