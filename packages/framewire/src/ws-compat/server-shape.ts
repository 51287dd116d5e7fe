// The type of a server. It declares the members of `@types/ws`, so that our server is assignable to a server of `ws`.
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

/** The class of a server's connections: ours, or a subclass. The server's constructor rejects the class of `ws`. */
export type WebSocketClass = new (
  address: null,
  protocols: undefined,
  options: ConnectionOptions,
) => WebSocketShape;

/** The options of the constructor, including those that `@types/ws` omits. */
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
  /** A request is invalid. A listener must answer and end the socket. Without a listener, the server refuses the request. */
  wsClientError: [error: WebSocket.WebSocketError, socket: Duplex, request: Request];
}

/**
 * A `TypedEmitter` whose listeners have another type of `this`: a server with requests of Node's class. `@types/ws` declares the same,
 * and with any other type our class would not be assignable.
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
// With `unknown[]`, a listener with typed parameters would not be assignable.
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
  /** The given options, with defaults for the rest. */
  options: WebSocket.ServerOptions<Class, Request>;
  /** The open connections. Missing without `clientTracking`. */
  clients: Set<WebSocket.IterableWebSocket<InstanceType<Class>>>;
  /** The option `path`, or an empty string. A program may assign another value, but requests are compared with the option. */
  path: string;
  /** The HTTP server of the requests; null with `noServer`, and after the server is closed. */
  // `@types/ws` does not declare these names, so a subclass may declare another type.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  _server?: any;
  /**
   * `shutdown(options?: ShutdownOptions): Promise<{ closed: number; terminated: number }>`: stops accepting connections, sends each open
   * one a close frame, and destroys the rest after `timeout`. Options: `code`, `reason`, `timeout`, `spread`, `retryAfter`.
   */
  // As above.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  shutdown?: any;
  /** Calls `shutdown()`. */
  [Symbol.asyncDispose](): Promise<void>;

  /**
   * Returns the address of the HTTP server; null after the server is closed.
   *
   * @throws `Error` in `noServer` mode
   */
  address(): AddressInfo | string | null;
  /**
   * Stops accepting connections. Open connections stay open: close them through `clients`.
   *
   * @param callback called on `close`; with an `Error` if the server was already closed
   */
  close(callback?: (error?: Error) => void): void;
  /**
   * Opens a connection for an upgrade request, or refuses the request.
   *
   * @param socket any `Duplex`; the server owns it from now on
   * @param head bytes that were read after the request
   * @param callback called with the connection
   * @throws `Error` if the socket already carries a WebSocket
   */
  handleUpgrade(
    request: InstanceType<Request>,
    socket: Duplex,
    head: Buffer,
    callback: (
      ...connected: ConnectedArguments<InstanceType<Class>, InstanceType<Request>, Identity>
    ) => void,
  ): void;
  /** Returns whether the path of a request is that of this server. A subclass may override it. */
  shouldHandle(request: InstanceType<Request>): boolean;
  /**
   * Opens a connection for a request that has passed every check: the last step of `handleUpgrade()`.
   *
   * @param extensions the negotiated extensions
   * @param key the value of `Sec-WebSocket-Key`
   * @param protocols the subprotocols that the client requests
   * @throws `Error` if the socket already carries a WebSocket
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
