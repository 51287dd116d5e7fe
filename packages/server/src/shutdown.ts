// Closes all connections of a server: spreads the close frames over time, and destroys the connections that do not answer.
import { now, setDeadline, clearDeadline, WebSocketConnection, type Deadline } from '@framewire/connection';

/** Options of `shutdown()`. */
export interface ShutdownOptions {
  /** The code of the close frames. Default 1001. */
  readonly code?: number | undefined;
  /** The reason in the close frames, at most 123 bytes. Default: none. */
  readonly reason?: string | undefined;
  /** How long to wait after the last close frame before open connections are destroyed, in ms. Default 10000. */
  readonly timeout?: number | undefined;
  /** The time over which the close frames are spread, in ms, so that clients do not all reconnect at the same time. Default 0. */
  readonly spread?: number | undefined;
  /** The `Retry-After` of refusals during the shutdown, in ms, rounded up to whole seconds. Default 1000. */
  readonly retryAfter?: number | undefined;
}

/** How many connections closed in time, and how many were destroyed. */
export interface ShutdownResult {
  readonly closed: number;
  readonly terminated: number;
}

/** The shortest time between two rounds of close frames, in ms. */
const SHORTEST_ROUND = 10;

/** Observes a shutdown. */
export interface ClosingObserver {
  finished(result: ShutdownResult): void;
  /** Called when `close()` or `terminate()` of a connection throws. The shutdown continues. */
  failed(error: unknown): void;
}

/** The connections that a shutdown closes. */
export class ClosingConnections {
  readonly #clients: readonly WebSocketConnection[];
  readonly #left: Set<WebSocketConnection>;
  readonly #terminated = new Set<WebSocketConnection>();
  readonly #options: ShutdownOptions;
  readonly #began = now();
  readonly #observer: ClosingObserver;
  #sent = 0;
  #deadline: Deadline | undefined = undefined;

  constructor(clients: Iterable<WebSocketConnection>, options: ShutdownOptions, observer: ClosingObserver) {
    this.#clients = [...clients];
    // A connection of another server may have closed without leaving the set of a program.
    this.#left = new Set(this.#clients.filter(({ readyState, CLOSED }) => readyState !== CLOSED));
    this.#options = options;
    this.#observer = observer;
    // The set of a program may have connections of another server, which does not report their end here.
    for (const ws of this.#clients) ws.once('close', () => this.closed(ws));
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
        this.#terminate(ws);
      }
    }
    if (this.#left.size === 0) this.#end();
    else if (this.#sent === length) this.#deadline = setDeadline(timeout, terminate, this);
    else this.#deadline = setDeadline(Math.max(spread / length, SHORTEST_ROUND), send, this);
  }

  /** The server calls this when a connection has closed. */
  closed(ws: WebSocketConnection): void {
    if (this.#left.delete(ws) && this.#left.size === 0) this.#end();
  }

  terminate(): void {
    for (const ws of [...this.#left]) this.#terminate(ws);
  }

  #terminate(ws: WebSocketConnection): void {
    this.#terminated.add(ws);
    try {
      ws.terminate();
    } catch (error) {
      this.#observer.failed(error);
    }
    // `terminate()` of a subclass may have thrown, or not have called `super`. Terminating twice has no effect.
    if (ws instanceof WebSocketConnection) WebSocketConnection.prototype.terminate.call(ws);
  }

  #end(): void {
    clearDeadline(this.#deadline);
    const { size } = this.#terminated;
    this.#observer.finished({ closed: this.#clients.length - size, terminated: size });
  }
}

function send(connections: ClosingConnections): void {
  connections.send();
}

function terminate(connections: ClosingConnections): void {
  connections.terminate();
}
