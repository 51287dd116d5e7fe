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
  readonly #limits: HandshakeLimits;
  readonly #isAnswered: () => boolean;
  readonly #deadline: Deadline | undefined;
  readonly #onClose = (): void => {
    this.end();
  };
  #hasPassed = false;

  /**
   * @param status the HTTP status of the refusal
   * @param isAnswered returns whether the client has been answered in another way, so that it must not be refused
   */
  constructor(
    socket: Duplex,
    status: number,
    limits: HandshakeLimits,
    isAnswered: () => boolean = () => false,
  ) {
    this.#isAnswered = isAnswered;
    this.#socket = socket;
    this.#status = status;
    this.#limits = limits;
    if (limits.handshakeTimeout > 0) this.#deadline = setDeadline(limits.handshakeTimeout, pass, this);
    socket.once('close', this.#onClose);
  }

  /** Whether the client has been refused. */
  get hasPassed(): boolean {
    return this.#hasPassed;
  }

  end(): void {
    clearDeadline(this.#deadline);
    this.#limits.waiting.delete(this);
    this.#socket.removeListener('close', this.#onClose);
  }

  /** Cancels the time limit and refuses the client. */
  refuse(refusal: Refusal): void {
    this.end();
    this.#hasPassed = true;
    refuse(this.#socket, refusal, this.#limits.closeTimeout);
  }

  /** Called by the timer. */
  pass(): void {
    // The application may have handled the upgrade itself. Do not destroy its connection.
    if (isAttached(this.#socket) || this.#isAnswered()) return;
    this.refuse(createRefusal(this.#status));
  }
}

/** Limits how long the application may take to answer a client. A shutdown refuses the client immediately. */
export function awaitAnswer(socket: Duplex, status: number, limits: HandshakeLimits): HandshakeDeadline {
  const deadline = new HandshakeDeadline(socket, status, limits);
  limits.waiting.add(deadline);
  return deadline;
}

/**
 * Leaves a client to another `upgrade` listener of the HTTP server, which may answer later. If nothing reads from the socket and nothing has
 * been written to it when the time limit passes, refuses the client with 400.
 */
export function leaveToOthers(socket: Duplex, limits: HandshakeLimits): void {
  const before = writtenTo(socket);
  // If no listener takes the socket, nothing else handles its errors.
  destroyOnError(socket);
  // A listener that was added before ours may have answered already, and read. Node sets `readableFlowing` to null before `upgrade`.
  const isTaken = (): boolean => socket.readableFlowing !== null || writtenTo(socket) !== before;
  new HandshakeDeadline(socket, 400, limits, isTaken);
}

/** How many bytes have been written to a stream. If the stream does not count them, how many are waiting to be written. */
export function writtenTo(socket: Duplex & { readonly bytesWritten?: number }): number {
  return socket.bytesWritten ?? socket.writableLength;
}

function pass(deadline: HandshakeDeadline): void {
  deadline.pass();
}
