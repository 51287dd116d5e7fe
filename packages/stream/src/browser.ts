// The entry for browsers: the platform's classes, or ours on top of its WebSocket.
import { checkOptions, limitsOf, type WebSocketStreamOptions } from './options.ts';
import { PlatformTransport, type PlatformSocket } from './platform-transport.ts';
import { Streams, type ClosedInfo, type WebSocketOpenInfo } from './streams.ts';
import { WebSocketError as OwnError, type WebSocketCloseInfo } from './websocket-error.ts';

export type { StreamOptions, WebSocketStreamOptions } from './options.ts';
export type { ClosedInfo, ReceivedMessage, SentMessage, WebSocketOpenInfo } from './streams.ts';
export type { WebSocketCloseInfo } from './websocket-error.ts';

/** The classes of the platform. */
interface Platform {
  readonly WebSocket: new (url: string | URL, protocols: string[]) => PlatformSocket;
  readonly WebSocketStream?: typeof OwnStream;
  readonly WebSocketError?: typeof OwnError;
}

const platform = globalThis as unknown as Platform;

/** Our class. The platform's `WebSocket` cannot be paused, so a reader that stops does not stop the peer. */
class OwnStream {
  readonly [Symbol.toStringTag] = 'WebSocketStream';
  readonly #streams: Streams;
  readonly #url: string;

  constructor(url: string | URL, options: WebSocketStreamOptions = {}) {
    if (arguments.length === 0) throw new TypeError('An address is required');
    checkOptions(options);
    const { signal, protocols = [] } = options;
    const { highWaterMark, messageHighWaterMark } = limitsOf(options);
    this.#streams = new Streams(messageHighWaterMark);
    if (signal?.aborted) {
      this.#url = String(url);
      this.#streams.abortOn(signal);
      return;
    }
    const socket = new platform.WebSocket(url, [...protocols]);
    this.#url = socket.url;
    this.#streams.start((observer) => new PlatformTransport(socket, highWaterMark, observer));
    if (signal !== undefined) this.#streams.abortOn(signal);
  }

  get url(): string {
    return this.#url;
  }

  get opened(): Promise<WebSocketOpenInfo> {
    return this.#streams.opened;
  }

  get closed(): Promise<ClosedInfo> {
    return this.#streams.closed;
  }

  close(closeInfo: WebSocketCloseInfo = {}): void {
    this.#streams.close(closeInfo);
  }
}

// Both or neither, because the platform's class only supports its own error.
const hasBoth = platform.WebSocketStream !== undefined && platform.WebSocketError !== undefined;

/** The class of the platform, or ours. */
export const WebSocketStream: typeof OwnStream = (hasBoth && platform.WebSocketStream) || OwnStream;
export type WebSocketStream = OwnStream;

/** The class of the platform, or ours. */
export const WebSocketError: typeof OwnError = (hasBoth && platform.WebSocketError) || OwnError;
export type WebSocketError = OwnError;
