// The server: which upgrade requests it handles, how they become connections, and its own life.
import { EventEmitter } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import type { Duplex } from 'node:stream';
import { DEFAULTS, isAttached, WebSocketConnection, type ConnectionOptions } from '@framewire/connection';
import {
  acceptUpgrade,
  checkUpgradeRequest,
  createRefusal,
  formatHead,
  reasonPhrase,
  refusalError,
  refusalOf,
  type Refusal,
  type UpgradeRequestCheck,
} from '@framewire/handshake';
import { negotiateCompression, type Compression } from './compression.ts';
import {
  hasOneSource,
  type ClientInfo,
  type ServerOptions,
  type VerifyClientAsync,
  type VerifyClientSync,
  type WebSocketClass,
} from './options.ts';
import { destroyOnError, leaveErrors, refuse } from './refusal.ts';

type AnyHttpServer = HttpServer | HttpsServer;

/** A request that follows the rules of the opening handshake. */
type CheckedRequest = Extract<UpgradeRequestCheck, { ok: true }>;

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

/** What `options` holds where nothing else was given, as programs that look there expect. */
const SERVER_DEFAULTS = {
  ...DEFAULTS,
  backlog: null,
  clientTracking: true,
  handleProtocols: null,
  host: null,
  noServer: false,
  path: null,
  perMessageDeflate: false,
  port: null,
  server: null,
  verifyClient: null,
} as const satisfies ServerOptions;

/** Which servers share an HTTP server: one of them answers each upgrade. */
const sharing = new WeakMap<AnyHttpServer, Set<WebSocketServer>>();

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
> extends EventEmitter<WebSocketServerEventMap<InstanceType<Class>, InstanceType<Request>>> {
  /** The options as given, with the defaults where they say nothing. */
  readonly options: ServerOptions<Class, Request>;
  /** The open connections; only with `clientTracking`. */
  readonly clients: Set<InstanceType<Class>>;

  readonly #class: WebSocketClass;
  readonly #forget: (this: WebSocketConnection) => void;
  #http: AnyHttpServer | undefined = undefined;
  #stopListening: (() => void) | undefined = undefined;
  #state: 'running' | 'closing' | 'closed' = 'running';
  /** `close` is told when the last client has gone. */
  #closesWithClients = false;

  /**
   * @param callback called when a server of its own listens
   * @throws `TypeError` unless exactly one of `port`, `server` and `noServer` is given
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
    // Without tracking the property is missing, as programs look whether it is there.
    this.clients = new Set();
    if (this.options.clientTracking === false) Reflect.deleteProperty(this, 'clients');
    const forget = (ws: InstanceType<Class>): void => {
      this.#onClientClose(ws);
    };
    this.#forget = function () {
      forget(this as InstanceType<Class>);
    };
    if (options.server) this.#listenTo(options.server);
    else if (options.noServer !== true) this.#listenTo(this.#createHttpServer(callback));
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
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#http = undefined;
    if (this.options.server || this.options.noServer) this.#closeWithClients();
    else http?.close(() => this.#emitClose());
  }

  /** Whether a request is for this server: by its path. To be overridden where another rule is wanted. */
  shouldHandle(request: InstanceType<Request>): boolean {
    const { path } = this.options;
    if (!path) return true;
    const url = request.url ?? '';
    const query = url.indexOf('?');
    return (query === -1 ? url : url.slice(0, query)) === path;
  }

  /**
   * Makes a connection of an upgrade request, or refuses it.
   *
   * @param socket any `Duplex`; it belongs to the server from here on
   * @param head what was read behind the request
   * @param callback called with the connection
   * @throws `Error` when the socket was handed over already
   */
  handleUpgrade(
    request: InstanceType<Request>,
    socket: Duplex,
    head: Buffer,
    callback: (ws: InstanceType<Class>, request: InstanceType<Request>) => void,
  ): void {
    destroyOnError(socket);
    const check = checkUpgradeRequest(request, { strict: false });
    if (!check.ok) {
      this.#refuseInvalid(check.refusal, socket, request);
      return;
    }
    if (!this.shouldHandle(request)) {
      refuse(socket, createRefusal(400));
      return;
    }
    const { perMessageDeflate, maxPayload = DEFAULTS.maxPayload } = this.options;
    const compression = negotiateCompression(check.extensions, perMessageDeflate, maxPayload);
    if (compression === 'refused') {
      this.#refuseInvalid(refusalOf('INVALID_EXTENSION_OFFER'), socket, request);
      return;
    }
    this.#verify(check, request, socket, () => {
      this.#complete({ ...check, compression }, request, socket, head, callback);
    });
  }

  // The life of the server.

  #createHttpServer(callback: (() => void) | undefined): HttpServer {
    const { port, host, backlog } = this.options;
    const http = createServer(upgradeRequired);
    http.listen({ port: port ?? 0, host: host ?? undefined, backlog: backlog ?? undefined }, callback);
    return http;
  }

  #listenTo(http: AnyHttpServer): void {
    this.#http = http;
    const group = sharing.get(http) ?? new Set();
    sharing.set(http, group.add(this as unknown as WebSocketServer));
    const emitConnection = (ws: InstanceType<Class>, request: InstanceType<Request>): void => {
      (this as EventEmitter).emit('connection', ws, request);
    };
    const listeners: Record<string, (...args: never[]) => void> = {
      listening: () => (this as EventEmitter).emit('listening'),
      error: (error: Error) => (this as EventEmitter).emit('error', error),
      upgrade: (request: InstanceType<Request>, socket: Duplex, head: Buffer) => {
        if (this.#isResponsible(group, request)) this.handleUpgrade(request, socket, head, emitConnection);
      },
    };
    for (const [event, listener] of Object.entries(listeners)) {
      http.on(event, listener as (...args: unknown[]) => void);
    }
    this.#stopListening = () => {
      group.delete(this as unknown as WebSocketServer);
      for (const [event, listener] of Object.entries(listeners)) {
        http.removeListener(event, listener as (...args: unknown[]) => void);
      }
    };
  }

  /** Of servers that share an HTTP server, the ones for which a request is answer it; where there is none, the first refuses. */
  #isResponsible(group: ReadonlySet<WebSocketServer>, request: InstanceType<Request>): boolean {
    if (group.size === 1 || this.shouldHandle(request)) return true;
    const others = [...group];
    return (
      others[0] === (this as unknown as WebSocketServer) &&
      !others.some((other) => other.shouldHandle(request))
    );
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

  // The way of a request.

  /** A request that breaks a rule: for the listener of `wsClientError` to answer, or refused. */
  #refuseInvalid(refusal: Refusal, socket: Duplex, request: InstanceType<Request>): void {
    if (this.listenerCount('wsClientError') === 0) refuse(socket, refusal);
    else (this as EventEmitter).emit('wsClientError', refusalError(refusal), socket, request);
  }

  #verify(check: CheckedRequest, request: InstanceType<Request>, socket: Duplex, accept: () => void): void {
    const { verifyClient } = this.options;
    if (!verifyClient) {
      accept();
      return;
    }
    const info: ClientInfo<InstanceType<Request>> = {
      origin: check.origin,
      secure: 'encrypted' in request.socket && Boolean(request.socket.encrypted),
      req: request,
    };
    // The two kinds of `ws` are told apart by how many parameters they declare.
    if (verifyClient.length === 2) {
      (verifyClient as VerifyClientAsync<InstanceType<Request>>)(info, (verified, code, message, headers) => {
        if (verified) accept();
        else refuse(socket, createRefusal(code || 401, message, headers));
      });
    } else if ((verifyClient as VerifyClientSync<InstanceType<Request>>)(info)) accept();
    else refuse(socket, createRefusal(401));
  }

  #complete(
    check: CheckedRequest & { readonly compression: Compression | undefined },
    request: InstanceType<Request>,
    socket: Duplex,
    head: Buffer,
    callback: (ws: InstanceType<Class>, request: InstanceType<Request>) => void,
  ): void {
    // The client has gone while it was being verified.
    if (!socket.readable || !socket.writable) {
      socket.destroy();
      return;
    }
    if (isAttached(socket)) {
      throw new Error(
        'server.handleUpgrade() was called more than once with the same socket, possibly due to a misconfiguration',
      );
    }
    if (this.#state !== 'running') {
      refuse(socket, createRefusal(503));
      return;
    }
    // First all that is the application's, and may throw: a 101 is a promise.
    const ws = new this.#class(null, undefined, this.options) as InstanceType<Class>;
    const protocol = this.#chooseProtocol(check.subprotocols, request);
    const { extension, response } = check.compression ?? {};
    const lines = acceptUpgrade({ key: check.key, protocol, extensions: response && [response] });
    (this as EventEmitter).emit('headers', lines, request);
    socket.write(formatHead(lines));
    leaveErrors(socket);
    ws.setSocket(socket, head, { role: 'server', protocol, extension });
    if (this.options.clientTracking !== false) {
      this.clients.add(ws);
      ws.on('close', this.#forget);
    }
    callback(ws, request);
  }

  #chooseProtocol(offered: Set<string>, request: InstanceType<Request>): string {
    if (offered.size === 0) return '';
    const { handleProtocols } = this.options;
    if (handleProtocols) return handleProtocols(offered, request) || '';
    const [first = ''] = offered;
    return first;
  }
}

/** What a plain request gets on a server's own port. */
function upgradeRequired(_request: IncomingMessage, response: ServerResponse): void {
  const body = reasonPhrase(426);
  response.writeHead(426, { 'Content-Length': body.length, 'Content-Type': 'text/plain' });
  response.end(body);
}
