// How long a client may keep its socket without being connected: for its request to come, and for the application to judge it.
import type { Duplex } from 'node:stream';
import { clearDeadline, isAttached, setDeadline, type Deadline } from '@framewire/connection';
import { createRefusal, type Refusal } from '@framewire/handshake';
import { destroyOnError, refuse } from './refusal.ts';

/** The time limits of a server, in ms. */
export interface HandshakeLimits {
  /** 0 = none. */
  readonly handshakeTimeout: number;
  /** How long a refusal may wait to be taken. */
  readonly closeTimeout: number;
  /** The clients that wait for an answer of the application. */
  readonly waiting: Set<WaitingClient>;
}

/** A client that waits for an answer of the application. */
export interface WaitingClient {
  /** Refuses it now. The answer counts for nothing. */
  refuse(refusal: Refusal): void;
}

/** A time limit after which a client is refused, unless it is ended before; the socket's own end ends it too. */
export class HandshakeDeadline {
  readonly #socket: Duplex;
  readonly #status: number;
  readonly #closeTimeout: number;
  readonly #isAnswered: () => boolean;
  readonly #deadline: Deadline | undefined;
  readonly #onClose = (): void => clearDeadline(this.#deadline);
  #hasPassed = false;

  /**
   * @param status of the refusal
   * @param isAnswered whether the client needs no refusal any more, although no WebSocket has come of its request
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

  /** Ends the time limit with a refusal. */
  refuse(refusal: Refusal): void {
    this.end();
    this.#hasPassed = true;
    refuse(this.#socket, refusal, this.#closeTimeout);
  }

  /** For the timer. */
  pass(): void {
    // Whoever takes upgrades away from the server is not to lose the connection.
    if (isAttached(this.#socket) || this.#isAnswered()) return;
    this.#hasPassed = true;
    refuse(this.#socket, createRefusal(this.#status), this.#closeTimeout);
  }
}

/**
 * Leaves a client to another listener of the HTTP server, which may do with the socket whatever it likes, and later than at once.
 * If it has written nothing when the time is over, the client is refused with 400, as nobody else will.
 */
export function leaveToOthers(socket: Duplex, limits: HandshakeLimits): void {
  const before = writtenTo(socket);
  // Where nobody takes the socket, nobody listens for its errors.
  destroyOnError(socket);
  new HandshakeDeadline(socket, 400, limits, () => writtenTo(socket) !== before);
}

/** How many bytes were written to a stream; of one that does not count them, what waits to be written. */
function writtenTo(socket: Duplex & { readonly bytesWritten?: number }): number {
  return socket.bytesWritten ?? socket.writableLength;
}

function pass(deadline: HandshakeDeadline): void {
  deadline.pass();
}
