// A client that keeps its messages until a test asks for them.
import type { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { WebSocket } from 'framewire';
import { onTestFinished } from 'vitest';
import { WebSocket as WsWebSocket } from 'ws';

/** Which client talks: ours, or that of ws. */
const CLIENTS = { framewire: WebSocket as unknown as typeof WsWebSocket, ws: WsWebSocket };

/** The options of either client. */
type Options = NonNullable<ConstructorParameters<typeof WsWebSocket>[2]>;

/** A connected client. */
export class Talker {
  readonly ws: WsWebSocket;
  /** The close code and the reason, once it has closed. */
  readonly closed: Promise<[code: number, reason: string]>;
  readonly #received: (string | Buffer)[] = [];
  readonly #pings: Buffer[] = [];

  private constructor(ws: WsWebSocket) {
    this.ws = ws;
    ws.on('message', (data, isBinary) => {
      this.#received.push(isBinary ? (data as Buffer) : (data as Buffer).toString());
      ws.emit('kept');
    });
    // The first may come together with the answer to the upgrade.
    ws.on('ping', (data) => {
      this.#pings.push(data);
      ws.emit('kept');
    });
    this.closed = once(ws, 'close').then(([code, reason]) => {
      ws.emit('kept');
      return [code as number, String(reason)] as [number, string];
    });
    // A refusal is what a test may wait for; a connection that breaks shows in `closed`.
    this.closed.catch(() => {});
    ws.on('error', () => {});
  }

  /** Connects; rejects when the server does not want it. */
  static async connect(
    url: string,
    options: Options = {},
    client: keyof typeof CLIENTS = 'framewire',
  ): Promise<Talker> {
    const ws = new CLIENTS[client](url, options);
    const talker = new Talker(ws);
    onTestFinished(() => ws.terminate());
    await once(ws, 'open');
    return talker;
  }

  /** What came next, a text as a string; rejects when the connection closes first. */
  async next(): Promise<string | Buffer> {
    return this.#first(this.#received);
  }

  /** The payload of the ping that came next; rejects when the connection closes first. */
  async nextPing(): Promise<Buffer> {
    return this.#first(this.#pings);
  }

  async #first<T>(kept: T[]): Promise<T> {
    for (;;) {
      const next = kept.shift();
      if (next !== undefined) return next;
      if (this.ws.readyState === WsWebSocket.CLOSED) throw new Error('closed before the next one');
      await new Promise((resolve) => this.ws.once('kept', resolve));
    }
  }
}
