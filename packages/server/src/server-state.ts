// The inner state of a server.
import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import process from 'node:process';
import { isNativeError } from 'node:util/types';
import type { WebSocketConnection } from '@framewire/connection';
import type { Refusal } from '@framewire/handshake';
import type { HandshakeLimits } from './handshake-deadline.ts';
import type { WebSocketClass } from './options.ts';
import type { Origins } from './origin.ts';
import type { Places } from './places.ts';
import type { Seat } from './sharing.ts';
import type { Farewell, ShutdownResult } from './shutdown.ts';

export type AnyHttpServer = HttpServer | HttpsServer;

/** What a server knows besides its options and its clients. */
interface Facts<Request extends object> {
  /** The class of the connections. */
  readonly connectionClass: WebSocketClass;
  readonly seat: Seat<Request>;
  /** The origins of the pages that may connect; undefined for all. */
  readonly origins: Origins | undefined;
  /** How many connections there may be; undefined for any number. */
  readonly places: Places<Request> | undefined;
  readonly limits: HandshakeLimits;
  /** Called when a connection that is tracked has closed. */
  readonly forget: (ws: WebSocketConnection) => void;
}

/** The inner state of a server, which a `Proxy` of the server reaches, and objects that inherit from it share. */
export class ServerState<Request extends object> {
  readonly facts: Facts<Request>;
  /** Where requests come from: none with `noServer`, and once the server is closed. */
  http: AnyHttpServer | undefined = undefined;
  phase: 'running' | 'closing' | 'closed' = 'running';
  /** What clients are answered while the server shuts down. */
  refusal: Refusal | undefined = undefined;
  /** The connections that are closed because the server shuts down. */
  farewell: Farewell | undefined = undefined;
  shutdown: Promise<ShutdownResult> | undefined = undefined;
  /** `close` is emitted when the last client has gone. */
  closesWithClients = false;
  private hasWarned = false;

  constructor(facts: Facts<Request>) {
    this.facts = facts;
  }

  /** Warns of a fault of the application that no listener hears of: the first one, as any client may bring about the next. */
  warn(error: Error): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    const { stack } = isNativeError(error.cause) ? error.cause : error;
    process.emitWarning(error.message, { type: 'WebSocketServerWarning', detail: stack });
  }

  /** The name of the class. `reactive()` of Vue wraps objects without one in proxies, which have no private fields. */
  get [Symbol.toStringTag](): string {
    return ServerState.name;
  }
}
