// A client that keeps its messages until a test asks for them.
import type { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { WebSocket } from 'framewire';
import { onTestFinished } from 'vitest';
import { WebSocket as WsWebSocket } from 'ws';

/** The two client classes: ours, and that of ws. */
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
    // The first ping may arrive together with the response to the upgrade.
    ws.on('ping', (data) => {
      this.#pings.push(data);
      ws.emit('kept');
    });
    this.closed = once(ws, 'close').then(([code, reason]) => {
      ws.emit('kept');
      return [code as number, String(reason)] as [number, string];
    });
    // `connect()` rejects after a refusal, and `closed` reports a connection that breaks.
    this.closed.catch(() => {});
    ws.on('error', () => {});
  }

  /** Connects. Rejects if the server refuses the upgrade. */
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

  /** The next message: a string for text, a Buffer for bytes. Rejects if the connection closes first. */
  async next(): Promise<string | Buffer> {
    return this.#first(this.#received);
  }

  /** The payload of the next ping. Rejects if the connection closes first. */
  async nextPing(): Promise<Buffer> {
    return this.#first(this.#pings);
  }

  async #first<T>(kept: T[]): Promise<T> {
    for (;;) {
      const next = kept.shift();
      if (next !== undefined) return next;
      if (this.ws.readyState === WsWebSocket.CLOSED)
        throw new Error('the connection closed before the next message');
      await new Promise((resolve) => this.ws.once('kept', resolve));
    }
  }
}
