// Opens connections without a library: a socket, a request, a response head with 101.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Compression } from '../plan.ts';

/** Where to connect, and what to request. */
export interface Target {
  readonly port: number;
  readonly tls?: boolean | undefined;
  readonly compression?: Compression | undefined;
}

const HOST = '127.0.0.1';
/** How many handshakes run at the same time while many connections are opened. */
const AT_ONCE = 64;
const END_OF_HEAD = '\r\n\r\n';

/**
 * Opens connections, which have not sent messages yet.
 *
 * @param opened called with each connection as soon as it is open
 */
export async function openAll(
  target: Target,
  count: number,
  opened: (socket: Socket) => void = () => undefined,
): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let left = count; left > 0; left -= AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, left) }, async () => {
      const socket = await openOne(target);
      opened(socket);
      return socket;
    });
    const outcomes = await Promise.allSettled(some);
    sockets.push(...outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : [])));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) {
      closeAll(sockets);
      throw failed.reason;
    }
  }
  return sockets;
}

/** Closes connections. Without TLS, it resets them, because thousands of connections in `TIME_WAIT` would use up the ports. */
export function closeAll(sockets: readonly Socket[]): void {
  for (const socket of sockets) {
    socket.removeAllListeners('close');
    if ('encrypted' in socket) socket.destroy();
    else socket.resetAndDestroy();
  }
}

/** A socket that connects to the server. */
export function connectTo({ port, tls }: Target): Socket {
  // The certificate was made for this run, and verifying it is not measured.
  const socket = tls
    ? connectTls({ host: HOST, port, rejectUnauthorized: false })
    : connect({ host: HOST, port });
  // If code waits for an event with once(), it also gets the error. Otherwise, the error must not end the process.
  return socket.setNoDelay(true).on('error', () => undefined);
}

/** The upgrade request. */
export function upgradeRequest({ port, compression }: Target): string {
  return [
    'GET / HTTP/1.1',
    `Host: ${HOST}:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(compression ? [`Sec-WebSocket-Extensions: ${offer(compression)}`] : []),
    '\r\n',
  ].join('\r\n');
}

async function openOne(target: Target): Promise<Socket> {
  const socket = connectTo(target);
  await once(socket, target.tls ? 'secureConnect' : 'connect');
  socket.write(upgradeRequest(target));
  let head = '';
  while (!head.includes(END_OF_HEAD)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    head += chunk.toString('latin1');
  }
  if (!head.startsWith('HTTP/1.1 101'))
    throw new Error(`the server answered ${head.split('\r\n', 1).join()}`);
  if (target.compression && !/permessage-deflate/i.test(head)) {
    throw new Error('the server does not compress messages');
  }
  return socket;
}

function offer({ takeover }: Compression): string {
  const parameters = takeover
    ? '; client_max_window_bits'
    : '; server_no_context_takeover; client_no_context_takeover';
  return `permessage-deflate${parameters}`;
}
