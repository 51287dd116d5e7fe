// The type of a server. It declares what `@types/ws` declares, so that ours is assignable to a server of `ws`.
import type { Buffer } from 'node:buffer';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from '@framewire/connection';
import type { PerMessageDeflateOption } from '@framewire/permessage-deflate';
import type { Authenticate, ConnectedArguments, WebSocketServerEventMap } from '@framewire/server';
import type { WebSocket } from '../websocket.ts';
import type { NegotiatedExtensions } from './per-message-deflate.ts';
import type { WebSocketShape } from './websocket-shape.ts';

/** The class of a server's connections: ours, or one that extends it. The constructor of a server refuses that of `ws`. */
export type WebSocketClass = new (
  address: null,
  protocols: undefined,
  options: ConnectionOptions,
) => WebSocketShape;

/** The options that the constructor takes, with everything that `@types/ws` leaves out. */
export interface ServerInit<
  Class extends WebSocketClass,
  Request extends typeof IncomingMessage,
  Identity,
> extends Omit<
  WebSocket.ServerOptions<Class, Request>,
  'authenticate' | 'handleProtocols' | 'perMessageDeflate'
> {
  authenticate?: Authenticate<InstanceType<Request>, Identity> | null | undefined;
  handleProtocols?: WebSocket.ServerOptions<Class, Request>['handleProtocols'] | undefined;
  perMessageDeflate?: PerMessageDeflateOption | WebSocket.PerMessageDeflateOptions | undefined;
}

interface Events<Socket, Request, Identity> extends Omit<
  WebSocketServerEventMap<Socket, Request, Identity>,
  'wsClientError'
> {
  /** A request breaks a rule: with a listener, it is the listener that has to answer and to end the socket. */
  wsClientError: [error: WebSocket.WebSocketError, socket: Duplex, request: Request];
}

/**
 * A `TypedEmitter` with another type of `this` in its listeners. As in `@types/ws`, that is a server with requests of Node's own class:
 * with any other type the class would not be assignable.
 */
interface Emitter<Self, Map extends Record<keyof Map, unknown[]>> extends EventEmitter {
  on<K extends keyof Map>(event: K, listener: Listener<Self, Map[K]>): this;
  on(event: string | symbol, listener: AnyListener<Self>): this;
  once<K extends keyof Map>(event: K, listener: Listener<Self, Map[K]>): this;
  once(event: string | symbol, listener: AnyListener<Self>): this;
  off<K extends keyof Map>(event: K, listener: Listener<Self, Map[K]>): this;
  off(event: string | symbol, listener: AnyListener<Self>): this;
  addListener<K extends keyof Map>(event: K, listener: Listener<Self, Map[K]>): this;
  addListener(event: string | symbol, listener: AnyListener<Self>): this;
  removeListener<K extends keyof Map>(event: K, listener: Listener<Self, Map[K]>): this;
  removeListener(event: string | symbol, listener: AnyListener<Self>): this;
  prependListener<K extends keyof Map>(event: K, listener: Listener<Self, Map[K]>): this;
  prependListener(event: string | symbol, listener: AnyListener<Self>): this;
  prependOnceListener<K extends keyof Map>(event: K, listener: Listener<Self, Map[K]>): this;
  prependOnceListener(event: string | symbol, listener: AnyListener<Self>): this;
  emit<K extends keyof Map>(event: K, ...args: Map[K]): boolean;
  emit(event: string | symbol, ...args: unknown[]): boolean;
}
type Listener<Self, Args extends unknown[]> = (this: Self, ...args: Args) => void;
// With `unknown[]` a listener that declares what it takes would not be accepted.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyListener<Self> = (this: Self, ...args: any[]) => void;

export interface ServerShape<
  Class extends WebSocketClass,
  Request extends typeof IncomingMessage,
  Identity = undefined,
> extends Emitter<
  ServerShape<Class, typeof IncomingMessage>,
  Events<WebSocket.IterableWebSocket<InstanceType<Class>>, InstanceType<Request>, Identity>
> {
  /** The options as given, with the defaults where they say nothing. */
  options: WebSocket.ServerOptions<Class, Request>;
  /** The open connections; only with `clientTracking`. */
  clients: Set<WebSocket.IterableWebSocket<InstanceType<Class>>>;
  /** The option `path`, or an empty string, until a program assigns another value. Requests are judged by the option. */
  path: string;
  /** The HTTP server that requests come from; null with `noServer`, and once the server has been closed. */
  // The types of `ws` leave these names free, so a subclass may declare another type.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  _server?: any;
  /**
   * `shutdown(options?: ShutdownOptions): Promise<{ closed: number; terminated: number }>`: accepts no more connections, sends each a
   * close frame, and destroys after `timeout` those that are left. Options: `code`, `reason`, `timeout`, `spread`, `retryAfter`.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  shutdown?: any;
  /** As `shutdown()`. */
  [Symbol.asyncDispose](): Promise<void>;

  /**
   * Where the server listens; null once it has been closed.
   *
   * @throws `Error` in `noServer` mode
   */
  address(): AddressInfo | string | null;
  /**
   * Accepts no more connections. Open ones stay open: end them yourself, through `clients`.
   *
   * @param callback called with `close`; with an `Error` if the server was closed already
   */
  close(callback?: (error?: Error) => void): void;
  /**
   * Makes a connection of an upgrade request, or refuses it.
   *
   * @param socket any `Duplex`; it belongs to the server from here on
   * @param head what was read after the request
   * @param callback called with the connection
   * @throws `Error` when the socket carries a WebSocket already
   */
  handleUpgrade(
    request: InstanceType<Request>,
    socket: Duplex,
    head: Buffer,
    callback: (
      ...connected: ConnectedArguments<InstanceType<Class>, InstanceType<Request>, Identity>
    ) => void,
  ): void;
  /** Whether a request is for this server: by its path. To be overridden where another rule is wanted. */
  shouldHandle(request: InstanceType<Request>): boolean;
  /**
   * Makes a connection of a request that was found to be in order: the last step of `handleUpgrade()`.
   *
   * @param extensions what was negotiated
   * @param key the value of `Sec-WebSocket-Key`
   * @param protocols the subprotocols that the client asks for
   * @throws `Error` when the socket was handed over already
   */
  completeUpgrade(
    extensions: NegotiatedExtensions,
    key: string,
    protocols: Set<string>,
    request: InstanceType<Request>,
    socket: Duplex,
    head: Buffer,
    callback: (ws: InstanceType<Class>, request: InstanceType<Request>) => void,
  ): void;
}
