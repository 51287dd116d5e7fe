// Two connections at the ends of one stream, without an opening handshake.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import {
  WebSocketConnection,
  type ConnectionOptions,
  type OpenOptions,
  type RawData,
} from '@framewire/connection';

export interface Pair {
  readonly client: WebSocketConnection;
  readonly server: WebSocketConnection;
}

export interface PairOptions extends ConnectionOptions {
  client?: ConnectionOptions & Partial<OpenOptions>;
  server?: ConnectionOptions & Partial<OpenOptions>;
}

const NO_HEAD = Buffer.alloc(0);

/** Opens a connection at one end of a stream. */
export function attach(
  socket: Duplex,
  role: 'client' | 'server',
  options: ConnectionOptions & Partial<OpenOptions> = {},
): WebSocketConnection {
  const connection = new WebSocketConnection(options);
  connection.setSocket(socket, NO_HEAD, { ...options, role });
  return connection;
}

/** A client and a server in memory. */
export function memoryPair({ client, server, ...both }: PairOptions = {}): Pair {
  const [a, b] = duplexPair();
  return {
    client: attach(a, 'client', { ...both, ...client }),
    server: attach(b, 'server', { ...both, ...server }),
  };
}

/** The two ends of a TCP connection. */
export async function socketPair(): Promise<[Socket, Socket]> {
  // Like the sockets of an HTTP upgrade, where each side ends separately.
  const listener = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection') as Promise<[Socket]>;
  const { port } = listener.address() as AddressInfo;
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [[far]] = await Promise.all([accepted, once(near, 'connect')]);
  listener.close();
  return [near, far];
}

/** A client and a server over TCP. */
export async function tcpPair({ client, server, ...both }: PairOptions = {}): Promise<Pair> {
  const [near, far] = await socketPair();
  return {
    client: attach(near, 'client', { ...both, ...client }),
    server: attach(far, 'server', { ...both, ...server }),
  };
}

/** A connection whose peer is the test itself: it reads and writes the bytes of the wire. */
export async function rawPair(
  role: 'client' | 'server',
  options: ConnectionOptions & Partial<OpenOptions> = {},
): Promise<{ connection: WebSocketConnection; peer: Socket; socket: Socket }> {
  const [peer, socket] = await socketPair();
  return { connection: attach(socket, role, options), peer, socket };
}

/** Returns a generateMask with keys of zeros. Its first call also calls `meanwhile`. */
export function distractedMaskMaker(meanwhile: () => void): (mask: Buffer) => void {
  let distracted = false;
  return (mask) => {
    mask.fill(0);
    if (distracted) return;
    distracted = true;
    meanwhile();
  };
}

/** A message that is a Buffer, as text. */
export function textOf(data: RawData): string {
  return (data as Buffer).toString();
}

/** Collects the messages of a connection, with a way to wait for a number of them. */
export function collect(connection: WebSocketConnection): {
  readonly messages: string[];
  until: (count: number) => Promise<string[]>;
} {
  const messages: string[] = [];
  connection.on('message', (data) => messages.push(textOf(data)));
  return {
    messages,
    async until(count) {
      while (messages.length < count) await once(connection, 'message');
      return messages;
    },
  };
}

/** Ends both connections in any state. */
export async function end({ client, server }: Pair): Promise<void> {
  const closed = [client, server].filter((ws) => ws.readyState !== ws.CLOSED).map((ws) => once(ws, 'close'));
  client.terminate();
  server.terminate();
  await Promise.all(closed);
}

/** Bytes from hexadecimal digits. Spaces are ignored. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex');
}

/** Everything that is read from a stream until it ends or is closed. */
export async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => stream.once('end', resolve).once('close', resolve));
  return Buffer.concat(chunks);
}

/** Waits until a connection closes. Returns its code and reason. */
export function closeOf(connection: WebSocketConnection): Promise<[code: number, reason: string]> {
  return new Promise((resolve) => {
    connection.once('close', (code, reason) => {
      resolve([code, String(reason)]);
    });
  });
}

/** Runs a function, and returns the exceptions that nothing caught meanwhile. */
export async function uncaughtIn(run: () => Promise<void>): Promise<string[]> {
  const errors: string[] = [];
  const take = (error: unknown): void => void errors.push(String(error));
  // The listeners of the test runner would make the test fail.
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', take);
  try {
    await run();
  } finally {
    process.removeListener('uncaughtException', take);
    for (const listener of others) process.on('uncaughtException', listener);
  }
  return errors;
}
