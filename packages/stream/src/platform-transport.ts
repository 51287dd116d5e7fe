// Connects the streams to the WebSocket of a browser.
import type { Transport, TransportObserver } from './transport.ts';
import { invalidState } from './websocket-error.ts';

/** The parts of a WebSocket that this file needs. */
export interface PlatformSocket {
  readonly url: string;
  readonly protocol: string;
  readonly extensions: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: string | ArrayBuffer }) => void) | null;
  onclose:
    ((event: { readonly code: number; readonly reason: string; readonly wasClean: boolean }) => void) | null;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
}

const OPEN = 1;

/** How often to check whether there is room again, in ms. There is no event for it. */
const POLL_MS = 10;

/** A WebSocket of the platform that is connecting. */
export class PlatformTransport implements Transport {
  readonly isOpen = false;
  readonly #socket: PlatformSocket;
  readonly #mark: number;

  constructor(socket: PlatformSocket, mark: number, observer: TransportObserver) {
    this.#socket = socket;
    this.#mark = mark;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      observer.opened();
    };
    socket.onmessage = ({ data }) => {
      observer.message(typeof data === 'string' ? data : new Uint8Array(data));
    };
    socket.onclose = ({ code, reason, wasClean }) => {
      observer.ended({ code, reason, wasClean: wasClean && socket.bufferedAmount === 0 });
    };
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  get extensions(): string {
    return this.#socket.extensions;
  }

  send(data: string | Uint8Array): Promise<void> | undefined {
    const socket = this.#socket;
    if (socket.readyState !== OPEN) throw invalidState('The connection is not open');
    socket.send(data);
    return this.isFullWith(0) ? this.#room() : undefined;
  }

  isFullWith(bytes: number): boolean {
    return this.#socket.bufferedAmount + bytes > this.#mark;
  }

  close(code: number | undefined, reason: string): void {
    if (code === undefined) this.#socket.close();
    else this.#socket.close(code, reason);
  }

  abandon(): void {
    this.#socket.close();
  }

  // A WebSocket of the platform cannot be paused.
  pause(): void {}
  resume(): void {}

  async #room(): Promise<void> {
    while (this.isFullWith(0)) {
      if (this.#socket.readyState > OPEN)
        throw invalidState('The connection has closed before the message was sent');
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
