// WebSocketStream on top of our client and our connections.
import { WebSocket, type ClientOptions } from '@framewire/client';
import type { WebSocketConnection } from '@framewire/connection';
import { ConnectionTransport } from './connection-transport.ts';
import { checkOptions, limitsOf, type StreamOptions, type WebSocketStreamOptions } from './options.ts';
import { Streams, type ClosedInfo, type WebSocketOpenInfo } from './streams.ts';
import { invalidState, type WebSocketCloseInfo } from './websocket-error.ts';

/** A connection of `framewire` or of one of its layers. Connections of `ws` are assignable to this type. */
export type StreamableConnection = Pick<WebSocketConnection, 'close' | 'readyState' | 'send' | 'terminate'>;

/** The options of the proposal, and those of our client. */
export interface ClientStreamOptions
  extends Omit<ClientOptions<WebSocket>, 'protocols'>, WebSocketStreamOptions {}

/** What `from()` hands to the constructor. */
class Handover {
  readonly ws: WebSocketConnection;
  readonly options: StreamOptions;

  constructor(ws: WebSocketConnection, options: StreamOptions) {
    this.ws = ws;
    this.options = options;
  }
}

/**
 * A WebSocket as a pair of streams, as in the WHATWG proposal. Each chunk is a message: text as a string, binary data as a `Uint8Array`. If
 * a reader stops, so does the peer. The `ready` promise of a writer is pending while more than `highWaterMark` bytes wait.
 *
 * @example
 * ```ts
 * const stream = new WebSocketStream('wss://example.com/chat');
 * const { readable, writable } = await stream.opened;
 * await writable.getWriter().write('hello');
 * for await (const message of readable) console.log(message);
 * ```
 */
export class WebSocketStream {
  /** As in browsers. `reactive()` of Vue wraps objects without such a name in proxies, which have no private fields. */
  readonly [Symbol.toStringTag] = 'WebSocketStream';
  readonly #streams: Streams;
  readonly #url: string;

  /**
   * Starts to connect.
   *
   * @throws `SyntaxError`, a `DOMException`, for an invalid address or subprotocol; `TypeError` for options that are not an object
   */
  constructor(url: string | URL, options?: ClientStreamOptions);
  constructor(url: string | URL | Handover, options?: ClientStreamOptions) {
    if (url instanceof Handover) {
      this.#url = (url.ws as Partial<WebSocket>).url ?? '';
      this.#streams = streamsOver(url.ws, url.options);
      return;
    }
    if (arguments.length === 0) throw new TypeError('An address is required');
    checkOptions(options);
    const { signal, messageHighWaterMark, protocols = [], ...clientOptions } = options ?? {};
    if (signal?.aborted) {
      this.#url = String(url);
      this.#streams = new Streams(limitsOf({}).messageHighWaterMark);
      this.#streams.abortOn(signal);
      return;
    }
    const ws = connect(url, protocols, clientOptions);
    this.#url = ws.url;
    this.#streams = streamsOver(ws, { messageHighWaterMark, highWaterMark: clientOptions.highWaterMark });
    if (signal !== undefined) this.#streams.abortOn(signal);
  }

  /**
   * Creates the streams over an existing connection, for example one of a server. They keep all messages that arrive after this call. Do
   * not pause the connection, or set its `binaryType`.
   */
  static from(ws: StreamableConnection, options: StreamOptions = {}): WebSocketStream {
    return Reflect.construct(this, [new Handover(ws as WebSocketConnection, options)]) as WebSocketStream;
  }

  /** The address; empty for a connection of a server. */
  get url(): string {
    return this.#url;
  }

  /** Resolves when the connection is open. Rejects with a {@link WebSocketError}, or with the reason of the signal. */
  get opened(): Promise<WebSocketOpenInfo> {
    return this.#streams.opened;
  }

  /**
   * Resolves when both sides have closed the connection and all written data was sent. Otherwise rejects with a
   * {@link WebSocketError}.
   */
  get closed(): Promise<ClosedInfo> {
    return this.#streams.closed;
  }

  /**
   * Closes the connection.
   *
   * @throws `TypeError` for a value that is not an object; `DOMException`: `InvalidAccessError` for a code other than 1000 and 3000 to
   * 4999, `SyntaxError` for a reason of more than 123 bytes
   */
  close(closeInfo: WebSocketCloseInfo = {}): void {
    this.#streams.close(closeInfo);
  }
}

function streamsOver(ws: WebSocketConnection, options: StreamOptions): Streams {
  const { highWaterMark, messageHighWaterMark } = limitsOf(options);
  const streams = new Streams(messageHighWaterMark);
  if (ws.readyState > ws.OPEN) streams.abort(invalidState('The connection is not open'));
  else streams.start((observer) => new ConnectionTransport(ws, highWaterMark, observer));
  return streams;
}

/** @throws `SyntaxError`, as a `DOMException` */
function connect(
  url: string | URL,
  protocols: readonly string[],
  options: ClientOptions<WebSocket>,
): WebSocket {
  try {
    return new WebSocket(url, protocols, options);
  } catch (error) {
    if (error instanceof Error && error.name === 'SyntaxError') {
      throw new DOMException(error.message, 'SyntaxError');
    }
    throw error;
  }
}
