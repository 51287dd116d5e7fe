// The end of all connections of a server: close frames, spread over time, and a limit for those that do not answer.
import { now, setDeadline, clearDeadline, WebSocketConnection, type Deadline } from '@framewire/connection';

/** How a server shuts down. */
export interface ShutdownOptions {
  /** The code of the close frames. Default 1001. */
  readonly code?: number | undefined;
  /** Their reason, of at most 123 bytes. Default: none. */
  readonly reason?: string | undefined;
  /** How long after the last close frame the connections are destroyed that are still open, in ms. Default 10000. */
  readonly timeout?: number | undefined;
  /** Over how long the close frames are spread, in ms, so that clients do not all connect again in the same second. Default 0. */
  readonly spread?: number | undefined;
  /** After how long, in ms, a client may try again that is refused meanwhile: `Retry-After`, in whole seconds. Default 1000. */
  readonly retryAfter?: number | undefined;
}

/** What became of the connections: how many closed in time, and how many were destroyed. */
export interface ShutdownResult {
  readonly closed: number;
  readonly terminated: number;
}

/** The shortest time between two rounds of close frames, in ms. */
const SHORTEST_ROUND = 10;

/** Who hears what becomes of a shutdown. */
export interface FarewellObserver {
  finished(result: ShutdownResult): void;
  /** A method of a connection that a subclass overrides has thrown. The shutdown goes on. */
  failed(error: unknown): void;
}

/** Connections that are being closed. The server reports those that are gone. */
export class Farewell {
  readonly #clients: readonly WebSocketConnection[];
  readonly #left: Set<WebSocketConnection>;
  readonly #terminated = new Set<WebSocketConnection>();
  readonly #options: ShutdownOptions;
  readonly #began = now();
  readonly #observer: FarewellObserver;
  #sent = 0;
  #deadline: Deadline | undefined = undefined;

  constructor(clients: Iterable<WebSocketConnection>, options: ShutdownOptions, observer: FarewellObserver) {
    this.#clients = [...clients];
    this.#left = new Set(this.#clients);
    this.#options = options;
    this.#observer = observer;
  }

  /** Sends the close frames that are due. */
  send(): void {
    const { code = 1001, reason = '', spread = 0, timeout = 10_000 } = this.#options;
    const { length } = this.#clients;
    const part = spread > 0 ? (now() - this.#began) / spread : 1;
    const due = Math.min(length, Math.floor(part * length) + 1);
    while (this.#sent < due) {
      const ws = this.#clients[this.#sent++] as WebSocketConnection;
      if (!this.#left.has(ws)) continue;
      try {
        ws.close(code, reason);
      } catch (error) {
        this.#observer.failed(error);
        this.#cut(ws);
      }
    }
    if (this.#left.size === 0) this.#end();
    else if (this.#sent === length) this.#deadline = setDeadline(timeout, terminate, this);
    else this.#deadline = setDeadline(Math.max(spread / length, SHORTEST_ROUND), send, this);
  }

  /** A connection has closed. */
  gone(ws: WebSocketConnection): void {
    if (this.#left.delete(ws) && this.#left.size === 0) this.#end();
  }

  terminate(): void {
    for (const ws of [...this.#left]) this.#cut(ws);
  }

  #cut(ws: WebSocketConnection): void {
    this.#terminated.add(ws);
    try {
      ws.terminate();
    } catch (error) {
      this.#observer.failed(error);
    }
    // A subclass may have thrown, or done nothing. To terminate twice changes nothing.
    if (ws instanceof WebSocketConnection) WebSocketConnection.prototype.terminate.call(ws);
  }

  #end(): void {
    clearDeadline(this.#deadline);
    const { size } = this.#terminated;
    this.#observer.finished({ closed: this.#clients.length - size, terminated: size });
  }
}

function send(farewell: Farewell): void {
  farewell.send();
}

function terminate(farewell: Farewell): void {
  farewell.terminate();
}
