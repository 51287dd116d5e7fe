// What can be set for a server, with the defaults.
import type { IncomingMessage, OutgoingHttpHeaders, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { DEFAULTS, type ConnectionOptions, type WebSocketConnection } from '@framewire/connection';
import type { UpgradeRefusal } from '@framewire/handshake';
import type { PerMessageDeflateOption } from '@framewire/permessage-deflate';
import type { AcceptedWebSocket } from './accepted-websocket.ts';

/** The class of a server's connections: called with `null`, `undefined` and the server's options. */
export type WebSocketClass = new (
  address: null,
  protocols: undefined,
  options: ConnectionOptions,
) => WebSocketConnection;

/** What a client is judged by. */
export interface ClientInfo<Request extends IncomingMessage = IncomingMessage> {
  /**
   * The value of `Origin` (`Sec-WebSocket-Origin` in version 8). Undefined when there is none, as with clients that are no browsers,
   * which the type leaves out as that of `ws` does.
   */
  origin: string;
  /** Whether the request came over TLS. */
  secure: boolean;
  req: Request;
}

/** Tells whether a client may connect; if not, the status, body and headers of the refusal. */
export type VerifyClientCallback = (
  verified: boolean,
  code?: number,
  message?: string,
  headers?: OutgoingHttpHeaders,
) => void;

/** Judges a client at once. */
export type VerifyClientSync<Request extends IncomingMessage = IncomingMessage> = (
  info: ClientInfo<Request>,
) => boolean;

/**
 * What a function may return that judges a client later: anything but a promise of an answer. A server does not wait for it, so an
 * `async` function that returns its answer is an error of the compiler.
 */
// `void` is what a function returns that returns nothing.
export type NoAnswer =
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type
  void | Promise<void> | string | number | bigint | boolean | symbol | null | (object & { then?: never });

/** Judges a client later, by calling back: the one that declares two parameters. */
export type VerifyClientAsync<Request extends IncomingMessage = IncomingMessage> = (
  info: ClientInfo<Request>,
  callback: VerifyClientCallback,
) => NoAnswer;

/**
 * Says who a client is, now or later. A refusal that it returns or throws is sent to the client; anything else that it returns is the
 * third argument of `connection`, and any other exception is answered with 500.
 */
export type Authenticate<Request extends IncomingMessage = IncomingMessage, Identity = unknown> = (
  request: Request,
  context: {
    /** Aborts when the client leaves, and when `handshakeTimeout` has passed. */
    readonly signal: AbortSignal;
  },
) => Identity | UpgradeRefusal | PromiseLike<Identity | UpgradeRefusal>;

/** The options of a server: exactly one of `port`, `server` and `noServer`. */
export interface ServerOptions<
  Class extends WebSocketClass = typeof AcceptedWebSocket,
  Request extends typeof IncomingMessage = typeof IncomingMessage,
  Identity = undefined,
> extends ConnectionOptions {
  /**
   * Says who a client is: what it returns, or its promise resolves to, is the third argument of `connection` and of the callback of
   * `handleUpgrade()`. To refuse the client, return or throw an `UpgradeRefusal`. Excludes `verifyClient`. Default: none.
   */
  authenticate?: Authenticate<InstanceType<Request>, Identity> | null | undefined;
  /** The port of an HTTP server of its own; 0 = any free one. A string that is no number is the path of a socket or pipe. */
  port?: number | undefined;
  /** The address that the server of its own listens on. Default: all. */
  host?: string | undefined;
  /** How many connections may wait to be accepted by the server of its own. Default: Node's. */
  backlog?: number | undefined;
  /** An HTTP or HTTPS server whose upgrade requests are to be handled. */
  server?: HttpServer<Request> | HttpsServer<Request> | undefined;
  /** Whether upgrades come through `handleUpgrade()` alone. Default false. */
  noServer?: boolean | undefined;
  /**
   * The path, without a query, that requests must have, in the origin form or the absolute form of a target (RFC 9112 §3.2).
   * Default: any.
   */
  path?: string | undefined;
  /**
   * How many connections there may be, those included whose handshake has begun. Others are refused with 503. Default 0 = no limit.
   */
  maxConnections?: number | undefined;
  /**
   * How many connections one client may have, counted in the same way. Others are refused with 429. `client` names the client of a
   * request, such as by its address: see {@link clientAddress}. Default: no limit.
   */
  connectionsPerClient?:
    | { readonly limit: number; readonly client: (request: InstanceType<Request>) => string }
    | null
    | undefined;
  /** Whether connections start paused, until `resume()` is called: so a listener that awaits something loses nothing. Default false. */
  pauseOnConnect?: boolean | undefined;
  /** Whether open connections are kept in `clients`. Default true. */
  clientTracking?: boolean | undefined;
  /** Chooses the subprotocol; false or an empty string chooses none. Default: the first that the client asks for. */
  handleProtocols?: ((protocols: Set<string>, request: InstanceType<Request>) => string | false) | undefined;
  /** Decides which clients may connect. Default: all. */
  verifyClient?:
    VerifyClientAsync<InstanceType<Request>> | VerifyClientSync<InstanceType<Request>> | undefined;
  /**
   * The serialised origins (RFC 6454 §6.2) of the pages that may connect, as browsers send them: `https://example.com`,
   * `http://localhost:3000`. They are compared to the letter. The text `null` is the origin of files and of sandboxed frames. With
   * `'same'`, pages whose host and port are those of the request's `Host`. Default: all, so that any page on the web can connect in the
   * name of its visitor (RFC 6455 §10.2).
   */
  allowedOrigins?: readonly string[] | 'same' | null | undefined;
  /**
   * With `allowedOrigins`: whether clients may connect that send no `Origin`. Browsers always send one, programs seldom do.
   * Default false.
   */
  allowMissingOrigin?: boolean | undefined;
  /**
   * How long, in ms, each step of the handshake may take: on a port of its own the first request (else 408), `verifyClient` or
   * `authenticate` (else 503), an answer by a listener of `wsClientError`, and by another listener of `upgrade` (else 400).
   * Default 120000; 0 = no limit.
   */
  handshakeTimeout?: number | undefined;
  /**
   * Whether compression is negotiated with clients that offer it (RFC 7692), and how. Each message that is compressed costs time,
   * and with context takeover each connection costs memory. Default false. Parameters that cannot be negotiated throw when the
   * server is made.
   */
  perMessageDeflate?: PerMessageDeflateOption | undefined;
  /** Shuts the server down when it aborts, as `shutdown()` does. Default: none. */
  signal?: AbortSignal | null | undefined;
  /** The class of the connections. Default: that of the package. */
  WebSocket?: Class | undefined;
}

/** What `options` holds where nothing else was given, as programs that look there expect. */
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

/** Whether exactly one way for requests to come in is given. */
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
  // A program without types may pass anything.
  return clientTracking === undefined || Boolean(clientTracking as unknown);
}
