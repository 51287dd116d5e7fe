// The two streams of a connection: back-pressure in both directions, and ending together with the connection.
import type { Transport, TransportObserver, End } from './transport.ts';
import { checkCloseInfo, invalidState, WebSocketError, type WebSocketCloseInfo } from './websocket-error.ts';

/** A received message: text as a string, binary data as a `Uint8Array`. */
export type ReceivedMessage = string | Uint8Array;
/** A message to send. Other values are sent as text. */
export type SentMessage = string | ArrayBuffer | ArrayBufferView;

/** The result of `opened`. */
export interface WebSocketOpenInfo {
  readonly readable: ReadableStream<ReceivedMessage>;
  readonly writable: WritableStream<SentMessage>;
  /** The subprotocol, or an empty string. */
  readonly protocol: string;
  readonly extensions: string;
}

/** The result of `closed`. */
export interface ClosedInfo {
  readonly closeCode: number;
  readonly reason: string;
}

/** A promise with its functions. It never causes an unhandled rejection. */
function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((...functions) => ([resolve, reject] = functions));
  promise.catch(() => {});
  return { promise, resolve, reject };
}

/** Converts a chunk to bytes or text. */
function toMessage(chunk: unknown): string | Uint8Array {
  if (typeof chunk === 'string') return chunk;
  const isView = ArrayBuffer.isView(chunk);
  const buffer = isView ? chunk.buffer : chunk;
  if (!isBuffer(buffer)) return String(chunk);
  if ((buffer as { resizable?: boolean }).resizable === true || tagOf(buffer) !== 'ArrayBuffer') {
    throw new TypeError('A message must not use resizable or shared memory');
  }
  return isView ? new Uint8Array(buffer, chunk.byteOffset, chunk.byteLength) : new Uint8Array(buffer);
}

/** The length of a message: text in characters, anything else in bytes. */
function lengthOf(chunk: unknown): number {
  if (typeof chunk === 'string') return chunk.length;
  return ArrayBuffer.isView(chunk) || isBuffer(chunk) ? chunk.byteLength : 0;
}

/** Checks the name, because the buffer may come from another realm. */
function isBuffer(value: unknown): value is ArrayBuffer {
  return ['ArrayBuffer', 'SharedArrayBuffer'].includes(tagOf(value));
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** The streams over one connection. */
export class Streams {
  readonly #opened = deferred<WebSocketOpenInfo>();
  readonly #closed = deferred<ClosedInfo>();
  readonly #limit: number;
  #transport: Transport | undefined = undefined;
  #reader: ReadableStreamDefaultController<ReceivedMessage> | undefined = undefined;
  #writer: WritableStreamDefaultController | undefined = undefined;
  /** How many bytes the writable side keeps until the messages before them are written. */
  #queued = 0;
  /** Whether the connection is paused because too many messages wait. */
  #isHolding = false;
  /** The error for the readable side, after its messages have been read. */
  #failure: WebSocketError | undefined = undefined;
  /** Created when the application closes the writable side. That close waits for this promise. */
  #writableClosed: ReturnType<typeof deferred<undefined>> | undefined = undefined;

  /** @param limit how many messages may wait to be read before the connection is paused */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get opened(): Promise<WebSocketOpenInfo> {
    return this.#opened.promise;
  }

  get closed(): Promise<ClosedInfo> {
    return this.#closed.promise;
  }

  /** Starts with the connection that `connect` creates for the observer. */
  start(connect: (observer: TransportObserver) => Transport): void {
    this.#transport = connect({
      opened: () => this.#open(),
      message: (data) => this.#receive(data),
      ended: (end) => this.#end(end),
    });
    if (this.#transport.isOpen) this.#open();
  }

  /** Aborts before there is a connection. Has no effect later. */
  abort(reason: unknown): void {
    if (this.#writer !== undefined) return;
    this.#fail(reason);
    this.#transport?.abandon();
  }

  /** Aborts when a signal aborts before there is a connection. */
  abortOn(signal: AbortSignal): void {
    const abort = (): void => this.abort(signal.reason);
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort);
    const forget = (): void => signal.removeEventListener('abort', abort);
    this.opened.then(forget, forget);
  }

  close(info: WebSocketCloseInfo | null | undefined): void {
    const { closeCode, reason } = checkCloseInfo(info);
    this.#transport?.close(closeCode ?? undefined, reason);
  }

  #open(): void {
    const transport = this.#transport;
    if (transport === undefined) return;
    const readable = new ReadableStream<ReceivedMessage>(
      {
        start: (controller) => {
          this.#reader = controller;
        },
        pull: () => this.#pulled(),
        cancel: (reason) => {
          this.#reader = undefined;
          // Later messages are discarded, so that the closing handshake can complete.
          this.#release();
          this.#closeFor(reason);
        },
      },
      new CountQueuingStrategy({ highWaterMark: this.#limit }),
    );
    const writable = new WritableStream<SentMessage>(
      {
        start: (controller) => {
          this.#writer = controller;
          // The types of some platforms lack the signal.
          const { signal } = controller as { readonly signal?: AbortSignal };
          // `abort()` below waits for the current write, which a peer that does not read may hold up indefinitely.
          signal?.addEventListener('abort', () => {
            this.#closeFor(signal.reason);
          });
        },
        write: (chunk) => this.#write(chunk),
        close: () => {
          this.#writableClosed = deferred();
          this.#transport?.close(undefined, '');
          return this.#writableClosed.promise;
        },
        abort: (reason) => {
          this.#closeFor(reason);
        },
      },
      { highWaterMark: 1, size: (chunk) => this.#weigh(chunk) },
    );
    const { protocol, extensions } = transport;
    this.#opened.resolve({ readable, writable, protocol, extensions });
  }

  #receive(data: ReceivedMessage): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    reader.enqueue(data);
    if ((reader.desiredSize ?? 1) > 0) return;
    this.#isHolding = true;
    this.#transport?.pause();
  }

  /** Called when a reader has taken a message or waits for one. */
  #pulled(): void {
    const room = this.#reader?.desiredSize ?? 0;
    if (this.#failure !== undefined && room >= this.#limit) this.#reader?.error(this.#failure);
    // Do not resume after each message: pausing and resuming a connection takes longer than processing a message.
    else if (room >= this.#limit / 2) this.#release();
  }

  #release(): void {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    this.#transport?.resume();
  }

  /**
   * A message that fits weighs nothing, so `ready` does not wait for it, even if the caller must not change its bytes yet. A message that
   * does not fit fills the stream.
   */
  #weigh(chunk: unknown): number {
    const length = lengthOf(chunk);
    const isFull = this.#transport?.isFullWith(this.#queued + length) === true;
    this.#queued += length;
    return isFull ? 1 : 0;
  }

  #write(chunk: unknown): Promise<void> | undefined {
    this.#queued -= lengthOf(chunk);
    return this.#transport?.send(toMessage(chunk));
  }

  #closeFor(reason: unknown): void {
    const { closeCode, reason: text } =
      reason instanceof WebSocketError ? reason : { closeCode: null, reason: '' };
    this.#transport?.close(closeCode ?? undefined, text);
  }

  #end({ code, reason, wasClean, error }: End): void {
    if (this.#writer === undefined) {
      this.#fail(WebSocketError.ofEnd('The connection could not be opened', null, '', error));
      return;
    }
    if (!wasClean) {
      const failure = WebSocketError.ofEnd(`The connection closed with ${code}`, code, reason, error);
      this.#closed.reject(failure);
      this.#writableClosed?.reject(failure);
      this.#writer.error(failure);
      // Received messages can still be read.
      this.#failure = failure;
      this.#pulled();
      return;
    }
    this.#closed.resolve({ closeCode: code, reason });
    this.#reader?.close();
    if (this.#writableClosed === undefined) this.#writer.error(invalidState('The connection is closed'));
    else this.#writableClosed.resolve(undefined);
  }

  /** Rejects both promises, because there was no connection. */
  #fail(reason: unknown): void {
    this.#opened.reject(reason);
    this.#closed.reject(reason);
  }
}
