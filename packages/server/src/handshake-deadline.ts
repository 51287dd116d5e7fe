// Limits how long a client may hold a socket before it is connected: until its request arrives, and until the application answers.
import type { Duplex } from 'node:stream';
import { clearDeadline, isAttached, setDeadline, type Deadline } from '@framewire/connection';
import { createRefusal, type Refusal } from '@framewire/handshake';
import { destroyOnError, refuse } from './refusal.ts';

/** The time limits of a server, in ms. */
export interface HandshakeLimits {
  /** 0 = no limit. */
  readonly handshakeTimeout: number;
  /** How long writing a refusal may take. */
  readonly closeTimeout: number;
  /** The clients that wait for an answer of the application. */
  readonly waiting: Set<WaitingClient>;
}

/** A client that waits for an answer of the application. */
export interface WaitingClient {
  /** Refuses the client immediately. A later answer is ignored. */
  refuse(refusal: Refusal): void;
}

/** Refuses a client after a time limit. `end()` and the close of the socket cancel it. */
export class HandshakeDeadline {
  readonly #socket: Duplex;
  readonly #status: number;
  readonly #closeTimeout: number;
  readonly #isAnswered: () => boolean;
  readonly #deadline: Deadline | undefined;
  readonly #onClose = (): void => clearDeadline(this.#deadline);
  #hasPassed = false;

  /**
   * @param status the HTTP status of the refusal
   * @param isAnswered returns whether the client has been answered otherwise, so that it must not be refused
   */
  constructor(
    socket: Duplex,
    status: number,
    { handshakeTimeout, closeTimeout }: HandshakeLimits,
    isAnswered: () => boolean = () => false,
  ) {
    this.#isAnswered = isAnswered;
    this.#socket = socket;
    this.#status = status;
    this.#closeTimeout = closeTimeout;
    if (handshakeTimeout === 0) return;
    this.#deadline = setDeadline(handshakeTimeout, pass, this);
    socket.once('close', this.#onClose);
  }

  /** Whether the client has been refused. */
  get hasPassed(): boolean {
    return this.#hasPassed;
  }

  end(): void {
    clearDeadline(this.#deadline);
    this.#socket.removeListener('close', this.#onClose);
  }

  /** Cancels the time limit and refuses the client. */
  refuse(refusal: Refusal): void {
    this.end();
    this.#hasPassed = true;
    refuse(this.#socket, refusal, this.#closeTimeout);
  }

  /** Called by the timer. */
  pass(): void {
    // The application may have handled the upgrade itself. Do not destroy its connection.
    if (isAttached(this.#socket) || this.#isAnswered()) return;
    this.#hasPassed = true;
    refuse(this.#socket, createRefusal(this.#status), this.#closeTimeout);
  }
}

/**
 * Leaves a client to another `upgrade` listener of the HTTP server, which may answer later. If nothing has been written to the socket
 * when the time limit passes, refuses the client with 400.
 */
export function leaveToOthers(socket: Duplex, limits: HandshakeLimits): void {
  const before = writtenTo(socket);
  // If no listener takes the socket, nothing else handles its errors.
  destroyOnError(socket);
  new HandshakeDeadline(socket, 400, limits, () => writtenTo(socket) !== before);
}

/** How many bytes have been written to a stream. If the stream does not count them, how many are waiting to be written. */
function writtenTo(socket: Duplex & { readonly bytesWritten?: number }): number {
  return socket.bytesWritten ?? socket.writableLength;
}

function pass(deadline: HandshakeDeadline): void {
  deadline.pass();
}
