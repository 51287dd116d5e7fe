// The type of a WebSocket. It declares the members of `@types/ws`, so that each type is assignable to the other. Members that `@types/ws`
// lacks are optional. They are `any` if a program may declare them in a subclass or in an interface that it merges with the class.
import type { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import type {
  BinaryType,
  OpenOptions,
  PreparedMessage,
  ReadyState,
  SendableData,
  SendCallback,
  SendOptions,
  TypedEmitter,
  WebSocketEventMap,
} from '@framewire/connection';
import type { WebSocket } from '../websocket.ts';

/** Declared as methods, whose parameters are bivariant, so that a listener may be declared with the class of `ws`. */
interface Listeners<E> {
  attribute(event: E): void;
  control(error?: Error): void;
}
type Attribute<E> = Listeners<E>['attribute'] | null;
/** An event whose target is the subclass. */
type Of<E, Target> = E & { target: Target };
type ControlCallback = Listeners<never>['control'];

/** The events of a connection and their arguments, with typed error codes. */
export interface Events extends Omit<WebSocketEventMap, 'error'> {
  error: [error: WebSocket.WebSocketError];
}

// `@types/ws` does not declare these names, so a subclass may declare another type.
/* eslint-disable @typescript-eslint/no-explicit-any */
/** Members that the types of `ws` lack, or that only framewire has. */
export interface WebSocketInternals {
  /** A boolean: whether both sides have sent a close frame (RFC 6455 §7.1.4). A program may assign another value. */
  wasClean?: any;
  /** A boolean: whether more than `highWaterMark` bytes wait to be written. If so, `drain` follows. */
  writableNeedDrain?: any;
  /**
   * `drained({ signal }?: { signal?: AbortSignal }): Promise<void>`: resolves when at most `highWaterMark` bytes wait. Rejects with the
   * code `WS_ERR_NOT_OPEN` if the connection is not open or ends, or with the reason of the signal.
   */
  drained?: any;
  /** `flush(): void`: writes pending frames to the socket now, instead of at the end of the turn. */
  flush?: any;
  /** `Promise<this>`: resolves when the connection is open; rejects with the argument of `error`, or with `WS_ERR_NOT_OPEN`. */
  opened?: any;
  /** A number: the last round-trip time that `heartbeat` measured, in ms. Undefined before the first. */
  latency?: any;
  /** A snapshot of the connection's `CompressionStatistics`. Undefined without compression. */
  compression?: any;
  /** The underlying stream: a `Duplex`, over TCP a `net.Socket`; null before the connection is open. Reading it flushes pending frames. */
  _socket?: any;
  /** The sending side, a `Sender`, for frames that `Sender.frame()` created; null before the connection is open. */
  _sender?: any;
  /** An object with `_maxPayload`, the maximum message length; null before the connection is open. */
  _receiver?: any;
  /** The `http.ClientRequest` of a client that is connecting; null otherwise. */
  _req?: any;
  /**
   * Whether this is the server's side. True unless the WebSocket was created from a URL. To create the client's side, set it to false
   * before `setSocket()`.
   */
  _isServer?: any;
  /** Attaches a stream after the opening handshake, by default as the server's side, and emits `open`. */
  setSocket?(socket: Duplex, head: Buffer, options?: OpenOptions): void;
  /** Ends the connection without a closing handshake and without an error. In `ws` this method emits `close`. */
  emitClose?(): void;
}
/* eslint-enable @typescript-eslint/no-explicit-any */

export interface WebSocketShape extends TypedEmitter<Events>, WebSocketInternals {
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;

  /** The type of binary messages. Default `nodebuffer`. The getter's type omits `blob`, as `RawData` does. */
  get binaryType(): Exclude<BinaryType, 'blob'>;
  set binaryType(type: BinaryType);
  /** Bytes that `send()` accepted and that have not been passed to the kernel, including frame headers. Reading it has no effect. */
  readonly bufferedAmount: number;
  /** The name of the negotiated extension, or an empty string. */
  readonly extensions: string;
  /** Whether `pause()` is in effect. */
  readonly isPaused: boolean;
  /** The chosen subprotocol, or an empty string. */
  readonly protocol: string;
  /** `CONNECTING` (0), `OPEN` (1), `CLOSING` (2) or `CLOSED` (3). */
  readonly readyState: ReadyState;
  /** The URL, or that of the last redirect. Undefined on a server's connections, although the type says `string`, as in `ws`. */
  readonly url: string;

  // As in `@types/ws`, the target is a WebSocket, not `this`. With `this`, an iterable WebSocket would not be assignable to that of `ws`.
  onopen: Attribute<WebSocket.Event>;
  onerror: Attribute<WebSocket.ErrorEvent>;
  onclose: Attribute<WebSocket.CloseEvent>;
  onmessage: Attribute<WebSocket.MessageEvent>;

  /**
   * Starts the closing handshake, after everything that was sent before. While connecting, aborts the attempt.
   *
   * @param code 1000-1014 except 1004-1006, or 3000-4999. Default: no code.
   * @param reason at most 123 bytes in UTF-8. Default: none.
   */
  close(code?: number, reason?: string | Uint8Array): void;
  /** Sends a ping with at most 125 bytes. The callback may replace any argument. */
  ping(data?: unknown, mask?: boolean | ControlCallback, callback?: ControlCallback): void;
  // `@types/ws` declares the error as always present.
  ping(data?: unknown, mask?: boolean, callback?: (error: Error) => void): void;
  /** Sends an unsolicited pong. Otherwise like `ping()`. */
  pong(data?: unknown, mask?: boolean | ControlCallback, callback?: ControlCallback): void;
  pong(data?: unknown, mask?: boolean, callback?: (error: Error) => void): void;
  /**
   * Sends a message, or with `fin: false` a fragment of one.
   *
   * @param data strings and numbers are sent as text; bytes in any container and a `Blob` as binary; a `PreparedMessage` as it was
   *   prepared
   * @param callback called when the message has been passed to the kernel, or with an error
   */
  send(data: SendableData | PreparedMessage, callback?: SendCallback): void;
  send(data: SendableData | PreparedMessage, options: SendOptions | undefined, callback?: SendCallback): void;
  /** Destroys the socket, without a closing handshake. */
  terminate(): void;
  /** Stops reading from the socket, and `message`, `ping` and `pong` events. While connecting, takes effect when the connection opens. */
  pause(): void;
  /** Continues after `pause()`. */
  resume(): void;

  /** Adds a DOM listener. The same listener is added only once. */
  addEventListener<K extends keyof WebSocket.WebSocketEventMap>(
    type: K,
    listener: DomListener<this, WebSocket.WebSocketEventMap[K]>,
    options?: WebSocket.EventListenerOptions,
  ): void;
  /** Removes a listener that `addEventListener()` added. */
  removeEventListener<K extends keyof WebSocket.WebSocketEventMap>(
    type: K,
    listener: DomListener<this, WebSocket.WebSocketEventMap[K]>,
  ): void;
}

type DomListener<Target, E> =
  ((this: Target, event: Of<E, Target>) => void) | { handleEvent(event: Of<E, Target>): void };
