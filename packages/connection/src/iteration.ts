// A connection as an async iterable of its messages, and as a promise that it opens. Nothing is allocated before the first use.
import type { Buffer } from 'node:buffer';
import { CloseCode } from '@framewire/codec';
import { openPartOf, optionsKey } from './internals.ts';
import { DEFAULTS } from './options.ts';
import { CLOSED, CLOSING, CONNECTING, lostError, OPEN } from './ready-state.ts';
import type { RawData } from './receiving/raw-data.ts';
import { setImmediate } from './scheduling.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

/** A message in a `for await` loop: text as a string, binary data as `binaryType` says. */
export type IteratedMessage = string | RawData;

/** What a loop throws unless the connection ends with 1000, 1001 or 1005. `cause` is the argument of `error`, if that was emitted. */
export interface ConnectionClosedError extends Error {
  readonly closeCode: number;
  readonly reason: string;
}

const mailboxKey = Symbol('mailbox');
const openedKey = Symbol('opened');

/**
 * A connection with the properties that this module adds. Their keys are symbols, so that they work through a `Proxy` and in an object
 * that inherits from the connection.
 */
interface Iterated extends WebSocketConnection {
  [mailboxKey]: Mailbox | undefined;
  [openedKey]: Promise<WebSocketConnection> | undefined;
}

/** The close codes with which a loop ends without an exception. */
const REGULAR: readonly number[] = [
  CloseCode.NORMAL_CLOSURE,
  CloseCode.GOING_AWAY,
  CloseCode.NO_STATUS_RECEIVED,
];

type Result = IteratorResult<IteratedMessage, undefined>;

const DONE: Result = Object.freeze({ done: true, value: undefined });

/** A call of `next()` that waits for a message. */
interface Waiter {
  readonly iterator: MessageIterator;
  resolve(result: Result): void;
  reject(error: Error): void;
}

/** The messages that no loop has taken yet. All loops over a connection share one mailbox. */
class Mailbox {
  readonly #ws: WebSocketConnection;
  readonly #limit: number;
  readonly #messages: IteratedMessage[] = [];
  readonly #waiters: Waiter[] = [];
  /** How many loops have begun and were not left. */
  #loops = 0;
  /** Whether the connection is paused because too many messages wait. */
  #isHolding = false;
  /** Whether further messages are discarded, because this end is closing the connection and no loop reads them. */
  #isDiscarding = false;
  #error: Error | undefined = undefined;
  /** The error with which the connection ended; null for a regular end, undefined while it is open. */
  #end: Error | null | undefined = undefined;

  constructor(ws: WebSocketConnection) {
    this.#ws = ws;
    this.#limit = ws[optionsKey].messageHighWaterMark ?? DEFAULTS.messageHighWaterMark;
    if (ws.readyState === CLOSED) {
      this.#end = lostError(CLOSED);
      return;
    }
    ws.on('message', (data, isBinary) => {
      this.#add(isBinary ? data : (data as Buffer).toString());
    });
    ws.on('error', (error) => {
      this.#error ??= error;
    });
    ws.once('close', (code, reason) => {
      this.#close(code, reason.toString());
    });
  }

  /** A loop begins. */
  enter(): void {
    this.#loops++;
  }

  next(iterator: MessageIterator): Promise<Result> {
    const value = this.#messages.shift();
    if (value !== undefined) {
      if (this.#isHolding && this.#messages.length <= this.#limit / 2) this.#release();
      return Promise.resolve({ done: false, value });
    }
    if (this.#end === undefined) {
      return new Promise((resolve, reject) => this.#waiters.push({ iterator, resolve, reject }));
    }
    iterator.isOver = true;
    return this.#end === null ? Promise.resolve(DONE) : Promise.reject(this.#end);
  }

  /** A loop was left: resolves its iterator's waiting calls of `next()`. */
  leave(iterator: MessageIterator): void {
    this.#loops--;
    this.discardUnread();
    for (let at = this.#waiters.length - 1; at >= 0; at--) {
      if (this.#waiters[at]?.iterator === iterator) this.#waiters.splice(at, 1)[0]?.resolve(DONE);
    }
  }

  /** If this end is closing and no loop reads, makes the connection read on. Otherwise it would not see the peer's close frame. */
  discardUnread(): void {
    if (this.#loops > 0 || this.#ws.readyState !== CLOSING) return;
    this.#isDiscarding = true;
    if (this.#isHolding) this.#release();
  }

  /** The application itself pauses the connection. From now on, only the application resumes it. */
  stopHolding(): void {
    this.#isHolding = false;
  }

  #add(message: IteratedMessage): void {
    if (this.#isDiscarding) return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: message });
      return;
    }
    this.#messages.push(message);
    // If the application itself has paused the connection, only the application resumes it.
    if (this.#limit > 0 && this.#messages.length >= this.#limit && !this.#ws.isPaused) {
      this.#ws.pause();
      // Set last, because `pause()` calls `stopHolding()`.
      this.#isHolding = true;
    }
  }

  #release(): void {
    this.#isHolding = false;
    this.#ws.resume();
  }

  #close(code: number, reason: string): void {
    this.#end = REGULAR.includes(code) ? null : closedError(code, reason, this.#error);
    for (const waiter of this.#waiters.splice(0)) {
      // As with a generator, only the first of several waiting calls throws.
      if (this.#end === null || waiter.iterator.isOver) waiter.resolve(DONE);
      else waiter.reject(this.#end);
      waiter.iterator.isOver = true;
    }
  }
}

function closedError(closeCode: number, reason: string, cause: Error | undefined): ConnectionClosedError {
  const message = `The connection closed with ${closeCode}${reason === '' ? '' : `: ${reason}`}`;
  return Object.assign(new Error(message, cause && { cause }), { closeCode, reason });
}

/** One loop. */
class MessageIterator implements AsyncIterableIterator<IteratedMessage> {
  /** Whether the loop has ended or was left. */
  isOver = false;
  readonly #mailbox: Mailbox;

  constructor(mailbox: Mailbox) {
    this.#mailbox = mailbox;
    mailbox.enter();
  }

  next(): Promise<Result> {
    return this.isOver ? Promise.resolve(DONE) : this.#mailbox.next(this);
  }

  /** The loop was left. The connection stays open, and the next loop continues with the next message. */
  return(): Promise<Result> {
    if (!this.isOver) this.#mailbox.leave(this);
    this.isOver = true;
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Returns an iterator over the messages that no other iterator has taken. The first call starts to keep messages. */
export function iterate(connection: WebSocketConnection): AsyncIterableIterator<IteratedMessage> {
  const ws = connection as Iterated;
  return new MessageIterator((ws[mailboxKey] ??= new Mailbox(ws)));
}

/** This end is closing the connection. If no loop reads its messages, they must not keep it from closing. */
export function stopKeeping(connection: WebSocketConnection): void {
  (connection as Iterated)[mailboxKey]?.discardUnread();
}

/** `pause()` was called. If that was the application, taking messages must not resume the connection. */
export function keepPaused(connection: WebSocketConnection): void {
  (connection as Iterated)[mailboxKey]?.stopHolding();
}

/** Returns a promise that resolves when the connection is open. Rejects with the argument of `error`, or the code `WS_ERR_NOT_OPEN`. */
export function opened(connection: WebSocketConnection): Promise<WebSocketConnection> {
  const ws = connection as Iterated;
  return (ws[openedKey] ??= whenOpen(ws));
}

function whenOpen(ws: WebSocketConnection): Promise<WebSocketConnection> {
  if (ws.readyState === OPEN) {
    holdFirstMessages(ws);
    return Promise.resolve(ws);
  }
  if (ws.readyState !== CONNECTING) return Promise.reject(lostError(ws.readyState));
  return new Promise((resolve, reject) => {
    const settle = (run: () => void): void => {
      ws.off('open', open).off('error', reject).off('close', close);
      run();
    };
    const open = (): void => {
      settle(() => {
        holdFirstMessages(ws);
        resolve(ws);
      });
    };
    const close = (): void => {
      settle(() => {
        reject(lostError(CLOSED));
      });
    };
    // Not `once`: a second `error` before `close` would have no listener, and would be thrown.
    ws.on('open', open).on('error', reject).on('close', close);
  });
}

/**
 * Delays reading until the code after `await ws.opened` has run, because messages may arrive together with the handshake. Pauses the
 * stream and not the connection, whose `isPaused` belongs to the application.
 */
function holdFirstMessages(ws: WebSocketConnection): void {
  const stream = openPartOf(ws)?.stream;
  if (stream === undefined) return;
  stream.pause();
  setImmediate(() => {
    if (!ws.isPaused) stream.resume();
  });
}
