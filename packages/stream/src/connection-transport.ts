// Connects the streams to one of our connections.
import type { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { openPartOf, type WebSocketConnection } from '@framewire/connection';
import type { Transport, TransportObserver } from './transport.ts';
import { invalidState } from './websocket-error.ts';

/** From this length on, a connection may read a message from the caller's memory until it is written. */
const BORROWED_FROM = 16 * 1024;

/** One of our connections, open or connecting. */
export class ConnectionTransport implements Transport {
  readonly isOpen: boolean;
  readonly #ws: WebSocketConnection;
  readonly #mark: number;
  #error: unknown = undefined;
  /** Cached, because the getter of the connection first writes the frames that it has gathered. */
  #stream: Duplex | undefined = undefined;
  /** Whether a written message could not be sent. */
  #isIncomplete = false;
  /** One callback for all messages that have no promise. Returns whether the message was sent. */
  readonly #sent = (error?: Error | null): boolean => {
    // When Node destroys a socket, it calls the callbacks of unfinished writes without an error.
    const isSent = !error && (this.#stream ??= openPartOf(this.#ws)?.stream)?.destroyed !== true;
    if (!isSent) this.#isIncomplete = true;
    return isSent;
  };

  /** @param mark how many bytes may wait to be sent before `send()` returns a promise */
  constructor(ws: WebSocketConnection, mark: number, observer: TransportObserver) {
    this.#ws = ws;
    this.#mark = mark;
    ws.binaryType = 'nodebuffer';
    ws.on('message', (data, isBinary) => {
      const bytes = data as Buffer;
      observer.message(
        isBinary ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) : bytes.toString(),
      );
    });
    ws.on('error', (error) => {
      this.#error ??= error;
    });
    ws.on('close', (code, reason) => {
      const wasClean = code !== 1006 && !this.#isIncomplete;
      observer.ended({ code, reason: reason.toString(), wasClean, error: this.#error });
    });
    this.isOpen = ws.readyState === ws.OPEN;
    if (!this.isOpen) ws.once('open', () => observer.opened());
  }

  get protocol(): string {
    return this.#ws.protocol;
  }

  get extensions(): string {
    return this.#ws.extensions;
  }

  send(data: string | Uint8Array): Promise<void> | undefined {
    const ws = this.#ws;
    if (ws.readyState !== ws.OPEN) throw invalidState('The connection is not open');
    const isBorrowed = typeof data !== 'string' && data.length >= BORROWED_FROM;
    if (!isBorrowed && !this.isFullWith(data.length)) {
      ws.send(data, this.#sent);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      ws.send(data, (error) => {
        if (this.#sent(error)) resolve();
        else reject(invalidState('The connection has closed before the message was sent'));
      });
    });
  }

  isFullWith(bytes: number): boolean {
    return this.#ws.bufferedAmount + bytes > this.#mark;
  }

  close(code: number | undefined, reason: string): void {
    this.#ws.close(code, reason);
  }

  abandon(): void {
    this.#ws.terminate();
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }
}
