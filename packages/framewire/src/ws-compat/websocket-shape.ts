// The type of a WebSocket. It declares what `@types/ws` declares, so that each is assignable to the other. Members that `@types/ws` lacks
// are optional, and `any` where a program may declare them in a subclass or in an interface that it merges with the class.
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

/** Types of methods: the compiler compares their parameters in both directions, so a listener may be declared with the class of `ws`. */
interface Listeners<E> {
  attribute(event: E): void;
  control(error?: Error): void;
}
type Attribute<E> = Listeners<E>['attribute'] | null;
/** An event whose target has the type of the subclass. */
type Of<E, Target> = E & { target: Target };
type ControlCallback = Listeners<never>['control'];

/** The events and their arguments: as those of a connection, with the codes of errors. */
export interface Events extends Omit<WebSocketEventMap, 'error'> {
  error: [error: WebSocket.WebSocketError];
}

/* eslint-disable @typescript-eslint/no-explicit-any */
/** Members that `ws` has and its types lack, or that only framewire has. */
export interface WebSocketInternals {
  /** Whether close frames have gone both ways (RFC 6455 §7.1.4), a boolean, until a program assigns another value. */
  wasClean?: any;
  /** Whether more than `highWaterMark` bytes wait to be written, a boolean. If so, `drain` follows. */
  writableNeedDrain?: any;
  /**
   * `drained({ signal }?: { signal?: AbortSignal }): Promise<void>`: resolves when at most `highWaterMark` bytes wait. Rejects with the
   * code `WS_ERR_NOT_OPEN` if the connection is not open or ends, and with the reason of the signal.
   */
  drained?: any;
  /** `flush(): void`: hands what was sent to the socket now, instead of at the end of the turn. */
  flush?: any;
  /** `Promise<this>`: resolves when the connection is open; rejects with the argument of `error`, or with `WS_ERR_NOT_OPEN`. */
  opened?: any;
  /** The last round trip that `heartbeat` has measured, in ms, a number; undefined before the first. */
  latency?: any;
  /** What compression has done on this connection so far, a snapshot of `CompressionStatistics`; undefined where there is none. */
  compression?: any;
  /** The stream underneath, a `Duplex`, with TCP a `net.Socket`; null before the connection is open. Reading it hands over what was sent. */
  _socket?: any;
  /** The sending side, a `Sender`, for frames that were made by `Sender.frame()`; null before the connection is open. */
  _sender?: any;
  /** The receiving side, an object with `_maxPayload`, the limit of a message; null before the connection is open. */
  _receiver?: any;
  /** The `http.ClientRequest` of a client on its way; null otherwise. */
  _req?: any;
  /**
   * Whether this is a server's end: it is unless the WebSocket was made from a URL. A program that sets it to false before `setSocket()`
   * makes a client's end.
   */
  _isServer?: any;
  /** Makes this the WebSocket of a stream on which the opening handshake has been done, as a server's end by default, and emits `open`. */
  setSocket?(socket: Duplex, head: Buffer, options?: OpenOptions): void;
  /** Ends this without a closing handshake, and without an error. In `ws` it is what emits `close`. */
  emitClose?(): void;
}
/* eslint-enable @typescript-eslint/no-explicit-any */

export interface WebSocketShape extends TypedEmitter<Events>, WebSocketInternals {
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;

  /** What binary messages arrive as. Default `nodebuffer`. `blob` can be set. The type that is read leaves it out, as `RawData` does. */
  get binaryType(): Exclude<BinaryType, 'blob'>;
  set binaryType(type: BinaryType);
  /** Bytes that `send()` accepted and that are not yet passed to the kernel, framing included. Reading it changes nothing. */
  readonly bufferedAmount: number;
  /** The name of the negotiated extension, or an empty string. */
  readonly extensions: string;
  /** Whether `pause()` is in force. */
  readonly isPaused: boolean;
  /** The subprotocol that was chosen, or an empty string. */
  readonly protocol: string;
  /** `CONNECTING` (0), `OPEN` (1), `CLOSING` (2) or `CLOSED` (3). */
  readonly readyState: ReadyState;
  /** The URL, or that of the last redirect; undefined on a server's connections, which the type leaves out as that of `ws` does. */
  readonly url: string;

  // As in `@types/ws` their target is a WebSocket, not `this`: the type of an iterable one could not be assigned to that of `ws`.
  onopen: Attribute<WebSocket.Event>;
  onerror: Attribute<WebSocket.ErrorEvent>;
  onclose: Attribute<WebSocket.CloseEvent>;
  onmessage: Attribute<WebSocket.MessageEvent>;

  /**
   * Starts the closing handshake. What was sent before goes out first. While connecting it gives the attempt up.
   *
   * @param code 1000-1014 but 1004-1006, or 3000-4999. Default: no code.
   * @param reason at most 123 bytes in UTF-8. Default: none.
   */
  close(code?: number, reason?: string | Uint8Array): void;
  /** Sends a ping with at most 125 bytes. The callback may stand in the place of any argument. */
  ping(data?: unknown, mask?: boolean | ControlCallback, callback?: ControlCallback): void;
  // `@types/ws` declares the error as always present.
  ping(data?: unknown, mask?: boolean, callback?: (error: Error) => void): void;
  /** Sends a pong that no ping asked for. As `ping()` otherwise. */
  pong(data?: unknown, mask?: boolean | ControlCallback, callback?: ControlCallback): void;
  pong(data?: unknown, mask?: boolean, callback?: (error: Error) => void): void;
  /**
   * Sends a message, or with `fin: false` a fragment of one.
   *
   * @param data a string goes as text, a number likewise; bytes in any container and a `Blob` go as binary; a
   *   `PreparedMessage` as it was prepared
   * @param callback called once it has been handed to the kernel, or with the reason why not
   */
  send(data: SendableData | PreparedMessage, callback?: SendCallback): void;
  send(data: SendableData | PreparedMessage, options: SendOptions | undefined, callback?: SendCallback): void;
  /** Destroys the socket, without a closing handshake. */
  terminate(): void;
  /** Stops events of messages, pings and pongs, and reading from the socket. While connecting, from the moment it is open. */
  pause(): void;
  /** Goes on after `pause()`. */
  resume(): void;

  /** Listens in the DOM's way. The same listener is added once. */
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
