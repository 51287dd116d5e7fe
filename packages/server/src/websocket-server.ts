// The server and its life: where its requests come from, which connections it has, how it closes.
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import type { Duplex } from 'node:stream';
import { DEFAULTS, TypedEmitter, WebSocketConnection, type ConnectionOptions } from '@framewire/connection';
import { createRefusal, formatHead, parseTarget, refusalError, type Refusal } from '@framewire/handshake';
import { requireCompressionOption } from './compression.ts';
import { HandshakeDeadline, leaveToOthers, type HandshakeLimits } from './handshake-deadline.ts';
import { hasOneSource, SERVER_DEFAULTS, type ServerOptions, type WebSocketClass } from './options.ts';
import { listenOnPort } from './own-http-server.ts';
import { readOrigins } from './origin.ts';
import {
  destroyOnError,
  destroyOnThrow,
  destroyWhenWritten,
  leaveErrors,
  refuse,
  requireUnattached,
} from './refusal.ts';
import { Seat } from './sharing.ts';
import { chooseSubprotocol, examine, responseLines, verify, type AdmittedUpgrade } from './upgrade.ts';

type AnyHttpServer = HttpServer | HttpsServer;

/** The events of a server and their arguments. */
export interface WebSocketServerEventMap<Socket, Request> {
  /** A client has connected. */
  connection: [ws: Socket, request: Request];
  /** The HTTP server listens. */
  listening: [];
  /** The HTTP server has failed. */
  error: [error: Error];
  /** The server has been closed. */
  close: [];
  /** The 101 response is about to be written: the array of its lines may be changed. */
  headers: [lines: string[], request: Request];
  /** A request breaks a rule: with a listener, it is the listener that has to answer and to end the socket. */
  wsClientError: [error: Error, socket: Duplex, request: Request];
}

/** The class that a server's connections have where the options name none. */
export class AcceptedWebSocket extends WebSocketConnection {
  constructor(_address: null, _protocols: undefined, options: ConnectionOptions) {
    super(options);
  }
}

/**
 * A WebSocket server: on a port of its own (`port`), on an HTTP or HTTPS server (`server`), or for upgrades that it is
 * given one by one (`noServer`).
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
> extends TypedEmitter<WebSocketServerEventMap<InstanceType<Class>, InstanceType<Request>>> {
  /** The options as given, with the defaults where they say nothing. */
  readonly options: ServerOptions<Class, Request>;
  /** The open connections; only with `clientTracking`. */
  readonly clients: Set<InstanceType<Class>>;

  readonly #class: WebSocketClass;
  readonly #forget: (ws: WebSocketConnection) => void;
  readonly #seat: Seat<InstanceType<Request>>;
  readonly #origins: ReadonlySet<string> | undefined;
  readonly #limits: HandshakeLimits;
  #http: AnyHttpServer | undefined = undefined;
  #state: 'running' | 'closing' | 'closed' = 'running';
  /** `close` is told when the last client has gone. */
  #closesWithClients = false;

  /**
   * @param callback called when a server of its own listens
   * @throws `TypeError` unless exactly one of `port`, `server` and `noServer` is given, for an entry of `allowedOrigins` that is
   * no serialised origin, and for a profile of `perMessageDeflate` that there is not; `RangeError` with the code
   * `WS_ERR_ILLEGAL_WINDOW_BITS` for a window in `perMessageDeflate` that is no integer from 8 to 15 and no boolean
   */
  constructor(options: ServerOptions<Class, Request>, callback?: () => void) {
    super();
    if (!hasOneSource(options)) {
      throw new TypeError(
        'One and only one of the "port", "server", or "noServer" options must be specified',
      );
    }
    this.#class = options.WebSocket ?? AcceptedWebSocket;
    this.options = { ...SERVER_DEFAULTS, ...options, WebSocket: this.#class as Class };
    const { allowedOrigins, closeTimeout, handshakeTimeout, perMessageDeflate } = this.options;
    requireCompressionOption(perMessageDeflate);
    if (allowedOrigins) this.#origins = readOrigins(allowedOrigins);
    this.#limits = {
      closeTimeout: closeTimeout ?? DEFAULTS.closeTimeout,
      handshakeTimeout: handshakeTimeout ?? SERVER_DEFAULTS.handshakeTimeout,
    };
    // Without tracking the property is missing, as programs look whether it is there.
    this.clients = new Set();
    if (this.options.clientTracking === false) Reflect.deleteProperty(this, 'clients');
    this.#forget = (ws) => {
      this.#onClientClose(ws as InstanceType<Class>);
    };
    this.#seat = this.#takeSeat();
    if (options.server) this.#listenTo(options.server);
    else if (options.noServer !== true) this.#listenTo(listenOnPort(this.options, this.#limits, callback));
  }

  /**
   * Where the server listens: what `address()` of its HTTP server says, null once it has been closed.
   *
   * @throws `Error` in `noServer` mode
   */
  address(): AddressInfo | string | null {
    if (this.options.noServer) throw new Error('The server is operating in "noServer" mode');
    return this.#http?.address() ?? null;
  }

  /**
   * Accepts no more connections. Open ones stay open: end them yourself, through `clients`. An HTTP server of its own is
   * closed; `close` is told when that has happened, otherwise when the last tracked client has gone.
   *
   * @param callback called with `close`; with an `Error` if the server was closed already
   */
  close(callback?: (error?: Error) => void): void {
    if (this.#state === 'closed') {
      if (callback) this.once('close', () => callback(new Error('The server is not running')));
      process.nextTick(() => this.#emitClose());
      return;
    }
    if (callback) this.once('close', callback);
    if (this.#state === 'closing') return;
    this.#state = 'closing';
    const http = this.#http;
    this.#seat.leave();
    this.#http = undefined;
    if (this.options.server || this.options.noServer) this.#closeWithClients();
    else http?.close(() => this.#emitClose());
  }

  /** Whether a request is for this server: by its path. To be overridden where another rule is wanted. */
  shouldHandle(request: InstanceType<Request>): boolean {
    const { path } = this.options;
    return !path || parseTarget(request.url ?? '').path === path;
  }

  /**
   * Makes a connection of an upgrade request, or refuses it.
   *
   * @param socket any `Duplex`; it belongs to the server from here on
   * @param head what was read behind the request
   * @param callback called with the connection
   * @throws `Error` when the socket carries a WebSocket already; nothing is written to it
   */
  handleUpgrade(
    request: InstanceType<Request>,
    socket: Duplex,
    head: Buffer,
    callback: (ws: InstanceType<Class>, request: InstanceType<Request>) => void,
  ): void {
    requireUnattached(socket);
    destroyOnError(socket);
    destroyOnThrow(socket, () => {
      const { options } = this;
      const examination = examine(request, options, this.#origins, (it) => this.#seat.takes(it));
      if (!examination.ok) {
        this.#refuseInvalid(examination.refusal, socket, request);
        return;
      }
      // One by one: to spread them is 3 % of an upgrade.
      const { key, subprotocols, origin, compression } = examination;
      verify(options.verifyClient, origin, request, socket, this.#limits, (refusal) => {
        if (refusal === undefined) {
          this.complete({ key, subprotocols, compression, request, socket, head, callback });
        } else this.#refuse(refusal, socket);
      });
    });
  }

  /** The HTTP server that requests come from; none with `noServer`, and once it is closed. */
  protected get httpServer(): HttpServer | HttpsServer | undefined {
    return this.#http;
  }

  /**
   * Makes a connection of a request that was found to be in order: the last step of {@link WebSocketServer.handleUpgrade}, for a
   * subclass that has something to add.
   *
   * @throws `Error` when the socket carries a WebSocket already; nothing is written to it
   */
  protected complete(upgrade: AdmittedUpgrade<InstanceType<Class>, InstanceType<Request>>): void {
    const { socket } = upgrade;
    // The client has gone while it was being verified.
    if (!socket.readable || !socket.writable) {
      socket.destroy();
      return;
    }
    requireUnattached(socket);
    if (this.#state !== 'running') {
      this.#refuse(createRefusal(503), socket);
      return;
    }
    destroyOnThrow(socket, () => {
      this.#open(upgrade);
    });
  }

  #open(upgrade: AdmittedUpgrade<InstanceType<Class>, InstanceType<Request>>): void {
    const { request, socket, head, callback } = upgrade;
    // First all that is the application's, and may throw: a 101 is a promise.
    const ws = new this.#class(null, undefined, this.options) as InstanceType<Class>;
    const protocol = chooseSubprotocol(upgrade.subprotocols, this.options.handleProtocols, request);
    const lines = responseLines(upgrade, protocol);
    (this as EventEmitter).emit('headers', lines, request);
    socket.write(formatHead(lines));
    leaveErrors(socket);
    const isTracked = this.options.clientTracking !== false;
    ws.setSocket(socket, head, {
      role: 'server',
      protocol,
      extension: upgrade.compression?.extension,
      onClosed: isTracked ? this.#forget : undefined,
    });
    if (isTracked) this.clients.add(ws);
    callback(ws, request);
  }

  /** A request that breaks a rule is for the listener of `wsClientError` to answer in time, where there is one. */
  #refuseInvalid(refusal: Refusal, socket: Duplex, request: InstanceType<Request>): void {
    if (refusal.code === undefined || this.listenerCount('wsClientError') === 0) {
      this.#refuse(refusal, socket);
      return;
    }
    // Ends with the socket.
    new HandshakeDeadline(socket, refusal.status, this.#limits);
    destroyWhenWritten(socket);
    (this as EventEmitter).emit('wsClientError', refusalError(refusal), socket, request);
  }

  #refuse(refusal: Refusal, socket: Duplex): void {
    refuse(socket, refusal, this.#limits.closeTimeout);
  }

  // The life of the server.

  #listenTo(http: AnyHttpServer): void {
    this.#http = http;
    this.#seat.join(http);
  }

  #takeSeat(): Seat<InstanceType<Request>> {
    const emitConnection = (ws: InstanceType<Class>, request: InstanceType<Request>): void => {
      (this as EventEmitter).emit('connection', ws, request);
    };
    return new Seat({
      listening: () => (this as EventEmitter).emit('listening'),
      error: (error) => (this as EventEmitter).emit('error', error),
      shouldHandle: (request) => this.shouldHandle(request),
      upgrade: (request, socket, head) => {
        this.handleUpgrade(request, socket, head, emitConnection);
      },
      leave: (socket) => {
        leaveToOthers(socket, this.#limits);
      },
    });
  }

  #closeWithClients(): void {
    if (this.options.clientTracking !== false && this.clients.size > 0) this.#closesWithClients = true;
    else process.nextTick(() => this.#emitClose());
  }

  #onClientClose(ws: InstanceType<Class>): void {
    this.clients.delete(ws);
    if (this.#closesWithClients && this.clients.size === 0) process.nextTick(() => this.#emitClose());
  }

  #emitClose(): void {
    this.#state = 'closed';
    (this as EventEmitter).emit('close');
  }
}
