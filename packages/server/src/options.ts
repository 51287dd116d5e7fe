// The options of a server, with their defaults.
import type { IncomingMessage, OutgoingHttpHeaders, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { DEFAULTS, type ConnectionOptions, type WebSocketConnection } from '@framewire/connection';
import type { UpgradeRefusal } from '@framewire/handshake';
import type { PerMessageDeflateOption } from '@framewire/permessage-deflate';
import type { AcceptedWebSocket } from './accepted-websocket.ts';

/** The class of a server's connections. The server calls it with `null`, `undefined` and its options. */
export type WebSocketClass = new (
  address: null,
  protocols: undefined,
  options: ConnectionOptions,
) => WebSocketConnection;

/** What `verifyClient` receives about a client. */
export interface ClientInfo<Request extends IncomingMessage = IncomingMessage> {
  /**
   * The value of `Origin` (`Sec-WebSocket-Origin` in version 8). Undefined if the client sent none, as most clients other than browsers
   * do. The type omits undefined, like that of `ws`.
   */
  origin: string;
  /** Whether the request came over TLS. */
  secure: boolean;
  req: Request;
}

/** Accepts a client, or refuses it with an optional status, body and headers. */
export type VerifyClientCallback = (
  verified: boolean,
  code?: number,
  message?: string,
  headers?: OutgoingHttpHeaders,
) => void;

/** A `verifyClient` that returns its answer. */
export type VerifyClientSync<Request extends IncomingMessage = IncomingMessage> = (
  info: ClientInfo<Request>,
) => boolean;

/**
 * What a `verifyClient` with a callback may return: anything except a promise with a value. The server does not wait for such a
 * promise, so an `async` function that returns its answer is a compile error.
 */
// `void` allows functions without a return value.
export type NoAnswer =
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type
  void | Promise<void> | string | number | bigint | boolean | symbol | null | (object & { then?: never });

/** A `verifyClient` that calls back with its answer. It must declare two parameters. */
export type VerifyClientAsync<Request extends IncomingMessage = IncomingMessage> = (
  info: ClientInfo<Request>,
  callback: VerifyClientCallback,
) => NoAnswer;

/**
 * Returns who a client is, or a promise for it. The value becomes the third argument of `connection`. A returned or thrown refusal is
 * sent to the client. Any other exception refuses the client with 500.
 */
export type Authenticate<Request extends IncomingMessage = IncomingMessage, Identity = unknown> = (
  request: Request,
  context: {
    /** Aborts when the client leaves, when `handshakeTimeout` has passed, and when the server shuts down. */
    readonly signal: AbortSignal;
  },
) => Identity | UpgradeRefusal | PromiseLike<Identity | UpgradeRefusal>;

/** The options of a server. Exactly one of `port`, `server` and `noServer` is required. */
export interface ServerOptions<
  Class extends WebSocketClass = typeof AcceptedWebSocket,
  Request extends typeof IncomingMessage = typeof IncomingMessage,
  Identity = undefined,
> extends ConnectionOptions {
  /**
   * Returns who a client is, or a promise for it. The value becomes the third argument of `connection` and of the callback of
   * `handleUpgrade()`. To refuse the client, return or throw an `UpgradeRefusal`. Cannot be combined with `verifyClient`. Default: none.
   */
  authenticate?: Authenticate<InstanceType<Request>, Identity> | null | undefined;
  /** The port for the server's own HTTP server; 0 = any free port. A string that is not a number is the path of a socket or pipe. */
  port?: number | undefined;
  /** The address that the server's own HTTP server listens on. Default: all. */
  host?: string | undefined;
  /** The backlog of the server's own HTTP server: how many connections may wait to be accepted. Default: that of Node. */
  backlog?: number | undefined;
  /** The HTTP or HTTPS server whose upgrade requests the server handles. */
  server?: HttpServer<Request> | HttpsServer<Request> | undefined;
  /** Whether the application passes every upgrade to `handleUpgrade()`. Default false. */
  noServer?: boolean | undefined;
  /**
   * The path that requests must have, without the query. The target may be in origin form or absolute form (RFC 9112 §3.2).
   * Default: any.
   */
  path?: string | undefined;
  /**
   * The maximum number of connections, including those whose handshake has started. The server refuses further clients with 503.
   * Default 0 = no limit.
   */
  maxConnections?: number | undefined;
  /**
   * The maximum number of connections for each client, counted as for `maxConnections`. The server refuses further requests of the
   * client with 429. `client` returns a key for the client of a request, such as its address: see {@link clientAddress}. Default: no limit.
   */
  connectionsPerClient?:
    | { readonly limit: number; readonly client: (request: InstanceType<Request>) => string }
    | null
    | undefined;
  /**
   * Whether connections start paused, until `resume()` is called. A `connection` listener can then wait before it listens for messages.
   * Default false.
   */
  pauseOnConnect?: boolean | undefined;
  /** Whether open connections are kept in `clients`. Default true. */
  clientTracking?: boolean | undefined;
  /** Returns the subprotocol; false or an empty string chooses none. Default: the first one that the client requests. */
  handleProtocols?: ((protocols: Set<string>, request: InstanceType<Request>) => string | false) | undefined;
  /** Decides which clients may connect. Default: all. */
  verifyClient?:
    VerifyClientAsync<InstanceType<Request>> | VerifyClientSync<InstanceType<Request>> | undefined;
  /**
   * The serialised origins (RFC 6454 §6.2) of the pages that may connect, as browsers send them: `https://example.com`,
   * `http://localhost:3000`. They are compared exactly. The text `null` is the origin of files and of sandboxed frames. `'same'` allows
   * the pages whose host and port match the request's `Host`. Default: all, so any page on the web can connect with its visitor's
   * cookies (RFC 6455 §10.2).
   */
  allowedOrigins?: readonly string[] | 'same' | null | undefined;
  /**
   * With `allowedOrigins`: whether clients that send no `Origin` may connect. Browsers always send one, other programs rarely do.
   * Default false.
   */
  allowMissingOrigin?: boolean | undefined;
  /**
   * The time limit, in ms, for each step of the handshake. When it passes, the server refuses the client:
   * - with 408, if its first request has not arrived at the server's own port;
   * - with 503, if `verifyClient` or `authenticate` has not answered;
   * - with the status of the error, if a listener of `wsClientError` has not answered;
   * - with 400, if another listener of `upgrade` has not answered.
   *
   * Default 120000; 0 = no limit.
   */
  handshakeTimeout?: number | undefined;
  /**
   * Whether and how compression is negotiated with clients that offer it (RFC 7692). Compression takes CPU time for each message and,
   * with context takeover, memory for each connection. Invalid parameters throw in the constructor. Default false.
   */
  perMessageDeflate?: PerMessageDeflateOption | undefined;
  /** Calls `shutdown()` when it aborts. Default: none. */
  signal?: AbortSignal | null | undefined;
  /** The class of the connections. Default: {@link AcceptedWebSocket}. */
  WebSocket?: Class | undefined;
}

/** The defaults in the server's `options` property, which programs read. */
export const SERVER_DEFAULTS = {
  ...DEFAULTS,
  allowedOrigins: null,
  allowMissingOrigin: false,
  authenticate: null,
  backlog: null,
  clientTracking: true,
  connectionsPerClient: null,
  handleProtocols: null,
  handshakeTimeout: 120_000,
  host: null,
  maxConnections: 0,
  noServer: false,
  path: null,
  pauseOnConnect: false,
  perMessageDeflate: false,
  port: null,
  server: null,
  signal: null,
  verifyClient: null,
} as const satisfies { readonly [Name in keyof ServerOptions]: ServerOptions[Name] | null };

/** Whether exactly one of `port`, `server` and `noServer` is given. */
export function hasOneSource({
  port,
  server,
  noServer,
}: Pick<ServerOptions, 'noServer' | 'port' | 'server'> = {}): boolean {
  const sources = [(port ?? undefined) !== undefined, Boolean(server), Boolean(noServer)];
  return sources.filter(Boolean).length === 1;
}

/** Whether open connections are kept in `clients`. */
export function isTracking({ clientTracking }: Pick<ServerOptions, 'clientTracking'>): boolean {
  // A JavaScript program may pass any type.
  return clientTracking === undefined || Boolean(clientTracking as unknown);
}
