// A raw peer: it writes the opening handshake itself, then sends and receives bytes.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Meeting, MeetingOptions } from './meeting.ts';

/** The key of the example of RFC 6455 §1.3. */
export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The value of Sec-WebSocket-Accept for a key (§1.3). */
export function acceptValue(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64');
}

/** Joins the lines of the head of a request or a response. */
export function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** A valid upgrade request. */
export function upgradeRequest(path = '/', ...more: string[]): string {
  return head(
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Key: ${KEY}`,
    'Sec-WebSocket-Version: 13',
    ...more,
  );
}

/** A valid response to the upgrade request with the given key. */
export function upgradeResponse(key: string, ...more: string[]): string {
  return head(
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptValue(key)}`,
    ...more,
  );
}

/** A response without an upgrade. */
export function plainResponse(status: string, ...more: string[]): () => string {
  return () => head(`HTTP/1.1 ${status}`, 'Connection: close', 'Content-Length: 0', ...more);
}

/** Bytes from hex digits, spaces ignored. */
export function bytes(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex');
}

const MASKING_KEY = '37fa213d';

/** A client's frame: adds the mask bit and a masking key to a frame without them (§5.3). */
export function maskedFrame(header: string, payload = ''): Buffer {
  const key = bytes(MASKING_KEY);
  const start = bytes(header);
  start[1] = (start[1] ?? 0) | 0x80;
  const masked = bytes(payload).map((byte, index) => byte ^ (key[index % key.length] ?? 0));
  return Buffer.concat([start, key, masked]);
}

/** One side of a connection, as bytes. */
export class RawPeer {
  readonly #socket: Duplex;
  /** Received bytes that have not been read. Joined only when they are read, because some tests receive many and read none. */
  #chunks: Buffer[] = [];
  #ended = false;
  #wake: () => void = () => {};

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#wake();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('end', end).on('close', end).on('error', end);
  }

  /** Writes bytes, or a string of hex digits. */
  say(data: Uint8Array | string): void {
    this.#socket.write(typeof data === 'string' ? bytes(data) : data);
  }

  /** Ends the writing side. */
  end(): void {
    this.#socket.end();
  }

  /** Stops reading, so that bytes wait in the sender. */
  pause(): void {
    this.#socket.pause();
  }

  /** Continues to read. */
  resume(): void {
    this.#socket.resume();
  }

  /** Destroys the connection. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** The next head, without the empty line that ends it. */
  async hearHead(): Promise<string> {
    const end = await this.#until(() => this.#received.indexOf('\r\n\r\n') + 1);
    const text = this.#received.toString('latin1', 0, end - 1);
    this.#chunks = [this.#received.subarray(end + 3)];
    return text;
  }

  /** The next bytes, in hex. */
  async hear(count: number): Promise<string> {
    return (await this.hearBytes(count)).toString('hex');
  }

  /** The next bytes. */
  async hearBytes(count: number): Promise<Buffer> {
    await this.#until(() => this.#received.length >= count);
    const heard = this.#received.subarray(0, count);
    this.#chunks = [this.#received.subarray(count)];
    return heard;
  }

  /** All other bytes until the other side ends, in hex. */
  async hearAll(): Promise<string> {
    return (await this.hearRest()).toString('hex');
  }

  /** Like {@link RawPeer.hearAll}, but returns bytes. */
  async hearRest(): Promise<Buffer> {
    await this.#until(() => this.#ended, true);
    return this.#received;
  }

  get #received(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  async #until(condition: () => boolean | number, mayHaveEnded = false): Promise<number> {
    for (;;) {
      const value = Number(condition());
      if (value > 0) return value;
      if (this.#ended && !mayHaveEnded) {
        throw new Error(`The connection ended after ${this.#received.toString('hex') || 'no bytes'}`);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** A connection with one raw side. */
export interface RawMeeting {
  readonly ws: WebSocket;
  readonly raw: RawPeer;
}

/** A raw client, connected to the server of the pairing. `together` is sent in the same write as the request. */
export async function meetRawClient(
  meeting: Meeting,
  options: MeetingOptions = {},
  together = Buffer.alloc(0),
): Promise<RawMeeting> {
  const listener = meeting.serve(options.server);
  const accepted = new Promise<WebSocket>((resolve) => {
    listener.once('connection', (ws) => {
      options.greet?.(ws);
      resolve(ws);
    });
  });
  const raw = new RawPeer(await meeting.connect());
  raw.say(Buffer.concat([Buffer.from(upgradeRequest(options.path)), together]));
  const [ws] = await Promise.all([accepted, raw.hearHead()]);
  return { ws, raw };
}

/** A raw server, to which the client of the pairing has connected. `together` is sent in the same write as the 101. */
export async function meetRawServer(
  meeting: Meeting,
  options: MeetingOptions = {},
  together = Buffer.alloc(0),
): Promise<RawMeeting> {
  const upgrade = once(meeting.host.http, 'upgrade');
  const ws = meeting.dial(options);
  options.greet?.(ws);
  const opened = once(ws, 'open');
  const [request, socket] = (await upgrade) as [IncomingMessage, Duplex];
  const raw = new RawPeer(socket);
  const key = request.headers['sec-websocket-key'] ?? '';
  raw.say(Buffer.concat([Buffer.from(upgradeResponse(key)), together]));
  await opened;
  return { ws, raw };
}
