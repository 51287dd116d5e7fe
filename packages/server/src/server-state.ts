// The internal state of a server.
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
import type { Membership } from './sharing.ts';
import type { ClosingConnections, ShutdownResult } from './shutdown.ts';

export type AnyHttpServer = HttpServer | HttpsServer;

/** The constant part of a server's state. */
interface Facts<Request extends object> {
  /** The class of the connections. */
  readonly connectionClass: WebSocketClass;
  readonly membership: Membership<Request>;
  /** The origins that may connect; undefined for all. */
  readonly origins: Origins | undefined;
  /** The limits on the number of connections; undefined for no limit. */
  readonly places: Places<Request> | undefined;
  readonly limits: HandshakeLimits;
  /** Called when a connection has closed. */
  readonly forget: (ws: WebSocketConnection) => void;
}

/**
 * The internal state of a server. The server keeps it in an ordinary property, which also works through a `Proxy` and in objects that
 * inherit from the server.
 */
export class ServerState<Request extends object> {
  readonly facts: Facts<Request>;
  /** The HTTP server of the requests. Undefined with `noServer`, and after the server is closed. */
  http: AnyHttpServer | undefined = undefined;
  /** The HTTP server, if the WebSocket server has created it. Its connections end with the WebSocket server. */
  ownHttp: HttpServer | undefined = undefined;
  /** The open connections without `clientTracking`. */
  readonly untracked = new Set<WebSocketConnection>();
  /** The proxies that constructors returned, by the connections that they stand for. */
  readonly proxies = new WeakMap<WebSocketConnection, WebSocketConnection>();
  phase: 'running' | 'closing' | 'closed' = 'running';
  /** The answer to new clients while the server shuts down. */
  refusal: Refusal | undefined = undefined;
  /** The connections that the shutdown is closing. */
  closingConnections: ClosingConnections | undefined = undefined;
  shutdown: Promise<ShutdownResult> | undefined = undefined;
  /** Whether `close` is emitted when the last client has disconnected. */
  closesWithClients = false;
  private hasWarned = false;

  constructor(facts: Facts<Request>) {
    this.facts = facts;
  }

  /** Warns about the first fault of the application that no listener handles. Only about the first, because any client can cause more. */
  warn(error: Error): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    const { stack } = isNativeError(error.cause) ? error.cause : error;
    process.emitWarning(error.message, { type: 'WebSocketServerWarning', detail: stack });
  }

  /** Prevents `reactive()` of Vue from wrapping this object and its contents in proxies, which could not access private fields. */
  get [Symbol.toStringTag](): string {
    return ServerState.name;
  }
}
