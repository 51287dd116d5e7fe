// One attempt to connect, and the connection that comes of it.
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

/** How a connection ended, or an attempt. */
export interface Outcome extends Ending {
  /** The HTTP status, if it is known and not 101. */
  readonly status: number | undefined;
  /** How long the server asks to wait, in ms. */
  readonly retryAfter: number;
}

/** Receives what happens to an attempt. */
export interface AttemptObserver {
  opened(): void;
  message(data: unknown): void;
  failed(error: Error): void;
  /** The last word. */
  ended(outcome: Outcome): void;
}

/** Where and how to connect. */
export interface Target {
  readonly url: UrlProvider;
  readonly protocols: ProtocolsProvider | undefined;
  readonly settings: Settings;
  readonly isReconnect: boolean;
  readonly binaryType: () => BinaryType;
}

const ABNORMAL: Outcome = { code: 1006, reason: '', wasClean: false, status: undefined, retryAfter: 0 };

/** One attempt. It begins when it is made, and calls its observer later. */
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

  /** Closes the connection, or gives the attempt up; the observer is called when it has ended. Throws what `close()` throws. */
  close(code: number, reason: string | undefined): void {
    if (this.#socket !== undefined) this.#socket.close(code, reason);
    else queueMicrotask(() => this.#end(ABNORMAL));
  }

  /** Gives the connection up without another call of the observer. */
  abandon(code?: number, reason?: string): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (socket === undefined) return;
    for (const [type, listener] of this.#entries()) socket.removeEventListener(type, listener);
    // An emitter of Node throws an error that has no listener.
    socket.addEventListener('error', () => {});
    try {
      socket.close(code, reason);
    } catch {
      // A code that must not be sent. The connection is given up all the same.
      socket.close();
    }
  }

  async #connect(): Promise<void> {
    const { url, protocols, settings, binaryType } = this.#target;
    try {
      const [address, subprotocols] = await Promise.all([provided(url), provided(protocols)]);
      if (this.#isOver) return;
      const Class = settings.WebSocket ?? platformClass();
      const socket = new Class(address, ...(subprotocols == null ? [] : [subprotocols])) as unknown as Socket;
      this.#socket = socket;
      socket.binaryType = binaryType();
      for (const [type, listener] of this.#entries()) socket.addEventListener(type, listener);
      socket.on?.('unexpected-response', (request, response) => {
        this.#refused(response);
        request.destroy();
      });
      const { connectionTimeout } = settings;
      this.#timer = setTimeout(() => {
        this.#giveUp(new Error(`The connection was not open after ${connectionTimeout} ms`));
      }, connectionTimeout);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** The connection is open: has the application do what comes before all else. */
  async #prepare(): Promise<void> {
    const { settings, isReconnect } = this.#target;
    try {
      if (settings.resubscribe) await settings.resubscribe(this.#socket as WebSocketLike, { isReconnect });
    } catch (error) {
      this.#giveUp(error);
      return;
    }
    // The connection may be closing by now. Then its end is what counts.
    if (this.#isOver || this.#socket?.readyState !== OPEN) return;
    clearTimeout(this.#timer);
    this.#observer.opened();
  }

  #refused({ statusCode: status, headers }: Response): void {
    if (this.#isOver) return;
    // Not every class tells more of an attempt whose request was destroyed.
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

/** What was thrown, as an error. An error of another realm is one, too. */
function asError(error: unknown): Error {
  return typeof error === 'object' && error !== null && 'message' in error
    ? (error as Error)
    : new Error(String(error));
}

function platformClass(): WebSocketClass {
  const { WebSocket } = globalThis as unknown as { WebSocket?: WebSocketClass };
  if (WebSocket !== undefined) return WebSocket;
  throw new TypeError('There is no WebSocket on this platform: pass a class as the option "WebSocket"');
}
