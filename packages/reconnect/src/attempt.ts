// One attempt to connect, and its connection.
import { retryAfter } from './backoff.ts';
import type { Ending } from './events.ts';
import { provided, type ProtocolsProvider, type Settings, type UrlProvider } from './options.ts';
import {
  OPEN,
  type BinaryType,
  type Response,
  type Socket,
  type WebSocketClass,
  type WebSocketLike,
} from './websocket-like.ts';

/** How a connection or an attempt ended. */
export interface Outcome extends Ending {
  /** The HTTP status, if it is known and not 101. */
  readonly status: number | undefined;
  /** How long the server asks the client to wait, in ms. */
  readonly retryAfter: number;
}

/** Receives the events of an attempt. */
export interface AttemptObserver {
  opened(): void;
  message(data: unknown): void;
  failed(error: Error): void;
  /** The last event. */
  ended(outcome: Outcome): void;
}

/** What to connect to, and how. */
export interface Target {
  readonly url: UrlProvider;
  readonly protocols: ProtocolsProvider | undefined;
  readonly settings: Settings;
  readonly isReconnect: boolean;
  readonly binaryType: () => BinaryType;
}

const ABNORMAL: Outcome = { code: 1006, reason: '', wasClean: false, status: undefined, retryAfter: 0 };

/** One attempt. It starts in the constructor, but never calls its observer before the constructor returns. */
export class Attempt {
  readonly #target: Target;
  readonly #observer: AttemptObserver;
  #socket: Socket | undefined = undefined;
  #isOver = false;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  readonly #listeners = {
    open: (): void => void this.#prepare(),
    message: ({ data }: { readonly data: unknown }): void => {
      this.#observer.message(data);
    },
    error: (event: { readonly error?: unknown; readonly message?: unknown }): void => {
      this.#failed(event);
    },
    close: ({ code, reason, wasClean = false }: Partial<Ending> & Pick<Ending, 'code' | 'reason'>): void => {
      this.#end({ ...ABNORMAL, code, reason, wasClean });
    },
  };

  constructor(target: Target, observer: AttemptObserver) {
    this.#target = target;
    this.#observer = observer;
    void this.#connect();
  }

  /** The connection, once the address is known. */
  get socket(): Socket | undefined {
    return this.#socket;
  }

  /** Closes the connection or aborts the attempt. The observer is called after that. Throws what `close()` of the connection throws. */
  close(code: number, reason: string | undefined): void {
    if (this.#socket !== undefined) this.#socket.close(code, reason);
    else queueMicrotask(() => this.#end(ABNORMAL));
  }

  /** Drops the connection without calling the observer again. */
  abandon(code?: number, reason?: string): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (socket === undefined) return;
    for (const [type, listener] of this.#entries()) socket.removeEventListener(type, listener);
    // A Node emitter throws an `error` event that has no listener.
    socket.addEventListener('error', () => {});
    try {
      socket.close(code, reason);
    } catch {
      // The code or reason is invalid. Drop the connection anyway.
      socket.close();
    }
  }

  async #connect(): Promise<void> {
    const { url, protocols, settings, binaryType } = this.#target;
    try {
      // A provider may call `close()`, which needs this attempt.
      await Promise.resolve();
      const [address, subprotocols] = await Promise.all([provided(url), provided(protocols)]);
      if (this.#isOver) return;
      const Class = settings.WebSocket ?? platformClass();
      const socket = new Class(address, ...(subprotocols == null ? [] : [subprotocols])) as unknown as Socket;
      this.#socket = socket;
      socket.binaryType = binaryType();
      for (const [type, listener] of this.#entries()) socket.addEventListener(type, listener);
      socket.on?.('unexpected-response', (_request, response) => {
        this.#refused(response);
      });
      const { connectionTimeout } = settings;
      this.#timer = setTimeout(() => {
        this.#giveUp(new Error(`The connection was not open after ${connectionTimeout} ms`));
      }, connectionTimeout);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Runs `resubscribe` on the open connection, before anything else is sent. */
  async #prepare(): Promise<void> {
    const { settings, isReconnect } = this.#target;
    try {
      if (settings.resubscribe) await settings.resubscribe(this.#socket as WebSocketLike, { isReconnect });
    } catch (error) {
      this.#giveUp(error);
      return;
    }
    // If the connection is closing or closed by now, its end is reported instead.
    if (this.#socket?.readyState !== OPEN) return;
    clearTimeout(this.#timer);
    this.#observer.opened();
  }

  #refused({ statusCode: status, headers }: Response): void {
    if (this.#isOver) return;
    // This ends the request. Not every class emits an event afterwards.
    this.abandon();
    const error = new Error(`The server answered with the status ${status}`);
    this.#observer.failed(Object.assign(error, { status }));
    this.#observer.ended({ ...ABNORMAL, status, retryAfter: retryAfter(headers['retry-after'], Date.now()) });
  }

  #failed({ error, message }: { readonly error?: unknown; readonly message?: unknown }): void {
    const text = typeof message === 'string' && message !== '' ? message : 'The connection failed';
    this.#observer.failed(asError(error ?? text));
  }

  #giveUp(error: unknown): void {
    if (this.#isOver) return;
    this.abandon();
    this.#observer.failed(asError(error));
    this.#observer.ended(ABNORMAL);
  }

  #end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#observer.ended(outcome);
  }

  #entries(): [type: 'open', listener: () => void][] {
    return Object.entries(this.#listeners) as [type: 'open', listener: () => void][];
  }
}

/** Returns a thrown value as an error. An object of another realm with a message counts as one. */
function asError(error: unknown): Error {
  return typeof error === 'object' && error !== null && 'message' in error
    ? (error as Error)
    : new Error(String(error));
}

function platformClass(): WebSocketClass {
  const { WebSocket } = globalThis as unknown as { WebSocket?: WebSocketClass };
  if (WebSocket !== undefined) return WebSocket;
  throw new TypeError('This platform has no WebSocket: pass a class as the option "WebSocket"');
}
