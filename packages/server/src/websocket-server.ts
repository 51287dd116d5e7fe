// The server: accepts upgrade requests, tracks its connections, and closes.
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  DEFAULTS,
  formatClosePayload,
  given,
  limitOf,
  nextTick,
  readOptions,
  TypedEmitter,
  type WebSocketConnection,
} from '@framewire/connection';
import { createRefusal, parseTarget, type Refusal } from '@framewire/handshake';
import { AcceptedWebSocket } from './accepted-websocket.ts';
import { open, refuseInvalid, reportFault, takePlace } from './accepting.ts';
import { authenticate, requireOneVerifier } from './authentication.ts';
import { close, emitClose, forget, shutDown, shutDownOn } from './closing.ts';
import { requireCompressionOption } from './compression.ts';
import { leaveToOthers, type HandshakeLimits, type WaitingClient } from './handshake-deadline.ts';
import {
  hasOneSource,
  isTracking,
  SERVER_DEFAULTS,
  type ServerOptions,
  type WebSocketClass,
} from './options.ts';
import { listenOnPort } from './own-http-server.ts';
import { readOrigins } from './origin.ts';
import { Places } from './places.ts';
import { destroyOnError, destroyOnThrow, refuse, requireUnattached } from './refusal.ts';
import { ServerState, type AnyHttpServer } from './server-state.ts';
import { Membership } from './sharing.ts';
import type { ShutdownOptions, ShutdownResult } from './shutdown.ts';
import { examine, verify, type AdmittedUpgrade } from './upgrade.ts';

/** The arguments of `connection`. The identity is included only with `authenticate`. */
export type ConnectedArguments<Socket, Request, Identity> = [Identity] extends [undefined]
  ? [ws: Socket, request: Request]
  : [ws: Socket, request: Request, identity: Identity];

const stateKey = Symbol('state');
/** The key of the method that completes an upgrade. A symbol cannot collide with a program's names. */
export const complete = Symbol('complete');

/** The events of a server and their arguments. */
export interface WebSocketServerEventMap<Socket, Request, Identity = undefined> {
  /** A client has connected. With `authenticate`, the third argument is the value that it returned. */
  connection: ConnectedArguments<Socket, Request, Identity>;
  /** The HTTP server listens. */
  listening: [];
  /** The HTTP server has failed. */
  error: [error: Error];
  /** The server has been closed. */
  close: [];
  /** Emitted before the 101 response is written. Listeners may change the array of its lines. */
  headers: [lines: string[], request: Request];
  /** A request, or an answer of the application, is invalid. For a request, a listener must answer and end the socket. */
  wsClientError: [error: Error, socket: Duplex, request: Request];
}

/**
 * A WebSocket server: on its own port (`port`), on an HTTP or HTTPS server (`server`), or for upgrades that the application passes to
 * `handleUpgrade()` (`noServer`).
 *
 * @example
 * ```ts
 * const server = new WebSocketServer({ port: 8080 });
 * server.on('connection', (ws) => {
 *   ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
 * });
 * ```
 */
export class WebSocketServer<
  Class extends WebSocketClass = typeof AcceptedWebSocket,
  Request extends typeof IncomingMessage = typeof IncomingMessage,
  Identity = undefined,
> extends TypedEmitter<WebSocketServerEventMap<InstanceType<Class>, InstanceType<Request>, Identity>> {
  /** The given options, with defaults for the rest. */
  readonly options: ServerOptions<Class, Request, Identity>;
  /** The open connections. Missing without `clientTracking`. */
  readonly clients: Set<InstanceType<Class>>;

  /** @internal A symbol, so that it cannot collide with a program's names. */
  declare readonly [stateKey]: ServerState<InstanceType<Request>>;

  /**
   * @param callback called when the server's own HTTP server listens
   * @throws `TypeError` unless exactly one of `port`, `server` and `noServer` is given; for `authenticate` with `verifyClient`; for an
   * entry of `allowedOrigins` that is not a serialised origin; for an unknown profile of `perMessageDeflate`; for an unknown
   * `onBufferFull`
   * @throws `RangeError` with the code `WS_ERR_ILLEGAL_WINDOW_BITS` for a window of `perMessageDeflate` that is neither a boolean nor an
   * integer from 8 to 15; for times of `heartbeat` that are not above 0
   */
  constructor(options: ServerOptions<Class, Request, Identity>, callback?: () => void) {
    super();
    if (!hasOneSource(options)) {
      throw new TypeError(
        'One and only one of the "port", "server", or "noServer" options must be specified',
      );
    }
    const connectionClass = given(options.WebSocket) ?? AcceptedWebSocket;
    // The types omit null for options that are not given, like those of `ws`.
    const complete = { ...SERVER_DEFAULTS, ...options, WebSocket: connectionClass as Class };
    this.options = complete as ServerOptions<Class, Request, Identity>;
    requireOneVerifier(this.options);
    // Throws here instead of for the first client.
    readOptions(this.options);
    const { allowedOrigins, closeTimeout, handshakeTimeout, perMessageDeflate } = this.options;
    requireCompressionOption(perMessageDeflate);
    const limits = {
      // With a `closeTimeout` of 0, a refusal still needs time to be written.
      closeTimeout: closeTimeout || DEFAULTS.closeTimeout,
      handshakeTimeout: limitOf(handshakeTimeout, SERVER_DEFAULTS.handshakeTimeout),
      waiting: new Set<WaitingClient>(),
    };
    const state = new ServerState<InstanceType<Request>>({
      connectionClass,
      membership: createMembership(this, limits),
      origins: allowedOrigins ? readOrigins(allowedOrigins) : undefined,
      places: Places.of(this.options),
      limits,
      forget: (ws) => {
        forget(this, state, ws);
      },
    });
    this[stateKey] = state;
    this.clients = new Set();
    // Without tracking the property is missing, because programs check whether it exists.
    if (!isTracking(this.options)) Reflect.deleteProperty(this, 'clients');
    if (options.server) listenTo(this, options.server);
    else if (!options.noServer) {
      state.ownHttp = listenOnPort(this.options, limits, callback);
      listenTo(this, state.ownHttp);
    }
    if (this.options.signal) shutDownOn(this, this.options.signal);
  }

  /**
   * Returns `address()` of the HTTP server; null after the server is closed.
   *
   * @throws `Error` in `noServer` mode
   */
  address(): AddressInfo | string | null {
    if (this.options.noServer) throw new Error('The server is operating in "noServer" mode');
    return this[stateKey].http?.address() ?? null;
  }

  /**
   * Stops accepting connections. Open connections stay open: close them through `clients`. Closes the server's own HTTP server, and
   * emits `close` when that has closed. With `server` or `noServer`, emits `close` when the last tracked client has disconnected.
   *
   * @param callback called on `close`; with an `Error` if the server was already closed
   */
  close(callback?: (error?: Error) => void): void {
    const state = this[stateKey];
    if (state.phase === 'closed') {
      if (callback) this.once('close', () => callback(new Error('The server is not running')));
      nextTick(emitClose, this, state);
      return;
    }
    if (callback) this.once('close', callback);
    if (state.phase === 'running') close(this, state);
  }

  /**
   * Stops accepting connections and closes the open ones: sends each a close frame, waits for the closing handshakes, and destroys
   * the rest after `timeout`. Meanwhile, refuses clients with 503, including those that wait for an answer of the application. Closes
   * the server's own port immediately. Another call returns the same result.
   *
   * @returns how many connections were closed and destroyed, after `close` has been emitted
   * @throws like `close()` of a connection, for a code or reason that cannot be sent
   */
  async shutdown(options: ShutdownOptions = {}): Promise<ShutdownResult> {
    formatClosePayload(options.code ?? 1001, options.reason);
    const state = this[stateKey];
    if (state.shutdown !== undefined) return state.shutdown;
    let begin = (): void => undefined;
    state.shutdown = new Promise((resolve) => {
      begin = () => {
        resolve(shutDown(this, state, options));
      };
    });
    // Only now, because application code that `begin()` runs may call this method again.
    begin();
    return state.shutdown;
  }

  /** Calls {@link WebSocketServer.shutdown} with the default options. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /** Returns whether the path of a request is that of this server. A subclass may override it. */
  shouldHandle(request: InstanceType<Request>): boolean {
    const { path } = this.options;
    return !path || parseTarget(request.url ?? '').path === path;
  }

  /**
   * Opens a connection for an upgrade request, or refuses the request.
   *
   * @param socket any `Duplex`; the server owns it from now on
   * @param head bytes that were read after the request
   * @param callback called with the connection
   * @throws `Error` if the socket already carries a WebSocket; nothing is written to it
   */
  handleUpgrade(
    request: InstanceType<Request>,
    socket: Duplex,
    head: Buffer,
    callback: (
      ...connected: ConnectedArguments<InstanceType<Class>, InstanceType<Request>, Identity>
    ) => void,
  ): void {
    requireUnattached(socket);
    destroyOnError(socket);
    destroyOnThrow(socket, () => {
      const { options, [stateKey]: state } = this;
      if (state.refusal !== undefined) {
        refuse(socket, state.refusal, state.facts.limits.closeTimeout);
        return;
      }
      const { limits, origins, places, membership } = state.facts;
      const examination = examine(request, options, origins, (it) => membership.takes(it));
      if (!examination.ok) {
        refuseInvalid(this, state, examination.refusal, socket, request);
        return;
      }
      // The client left before this call. Its socket may have emitted `close` already, so its place would never be freed.
      if (socket.destroyed) return;
      if (
        places !== undefined &&
        !takePlace(this, state, () => places.take(request, socket), request, socket)
      )
        return;
      // Named one by one, because a spread is measurably slower (benchmark scenario `upgrade`).
      const { key, subprotocols, origin, compression } = examination;
      const connected = callback as ConnectedCallback<InstanceType<Class>, InstanceType<Request>>;
      const judgement = {
        admit: () => {
          this[complete]({ key, subprotocols, compression, request, socket, head, callback: connected });
        },
        refuse: (refusal: Refusal) => {
          refuse(socket, refusal, limits.closeTimeout);
        },
        fault: (error: Error) => {
          reportFault(this, state, error, socket, request);
        },
      };
      if (!options.authenticate) verify(options.verifyClient, origin, request, socket, limits, judgement);
      else {
        authenticate(
          options.authenticate,
          request,
          { socket, head, limits },
          {
            ...judgement,
            admit: (identity, received, before) => {
              this[complete]({
                key,
                subprotocols,
                compression,
                request,
                socket,
                head: received,
                callback(ws, ofRequest) {
                  before(ws);
                  connected(ws, ofRequest, identity);
                },
              });
            },
          },
        );
      }
    });
  }

  /**
   * Opens a connection for a request that has passed every check. This is the last step of {@link WebSocketServer.handleUpgrade}, which
   * a subclass may extend.
   *
   * @throws `Error` if the socket already carries a WebSocket; nothing is written to it
   */
  [complete](upgrade: AdmittedUpgrade<InstanceType<Class>, InstanceType<Request>>): void {
    const { socket } = upgrade;
    // The client disconnected while it was being verified.
    if (!socket.readable || !socket.writable) {
      socket.destroy();
      return;
    }
    requireUnattached(socket);
    const { facts, phase, refusal = createRefusal(503) } = this[stateKey];
    if (phase !== 'running') {
      refuse(socket, refusal, facts.limits.closeTimeout);
      return;
    }
    destroyOnThrow(socket, () => {
      open(this, this[stateKey], upgrade);
    });
  }
}

/** Returns the HTTP server of the requests; undefined with `noServer`, and after the server is closed. */
export function httpServerOf<Class extends WebSocketClass, Request extends typeof IncomingMessage, Identity>(
  server: WebSocketServer<Class, Request, Identity>,
): AnyHttpServer | undefined {
  return server[stateKey].http;
}

/** A callback that receives a third argument only with `authenticate`. */
type ConnectedCallback<Socket, Request> = (ws: Socket, request: Request, ...identity: unknown[]) => void;

/** A server with any classes of connections and requests. */
type AnyServer = WebSocketServer<WebSocketClass, typeof IncomingMessage, unknown>;

// Listening.

function listenTo(server: AnyServer, http: AnyHttpServer): void {
  const state = server[stateKey];
  state.http = http;
  state.facts.membership.join(http);
}

function createMembership(server: AnyServer, limits: HandshakeLimits): Membership<IncomingMessage> {
  const emitConnection = (...connected: [WebSocketConnection, IncomingMessage, unknown]): void => {
    server.emit('connection', ...connected);
  };
  return new Membership({
    listening: () => server.emit('listening'),
    error: (error) => server.emit('error', error),
    shouldHandle: (request) => server.shouldHandle(request),
    upgrade: (request, socket, head) => {
      server.handleUpgrade(request, socket, head, emitConnection);
    },
    leave: (socket) => {
      leaveToOthers(socket, limits);
    },
  });
}
