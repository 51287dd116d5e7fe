// Asks the application who a client is. While the client waits, it may leave or send data.
import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  clearDeadline,
  nextTick,
  setDeadline,
  setImmediate,
  type Deadline,
  type WebSocketConnection,
} from '@framewire/connection';
import { createRefusal, isRefusal, type Refusal } from '@framewire/handshake';
import type { HandshakeLimits } from './handshake-deadline.ts';
import type { Authenticate } from './options.ts';
import { destroyOnThrow, refuse } from './refusal.ts';

/** After a waiting client has sent this many bytes, its socket is paused. The last chunk may exceed the limit. */
const MAX_KEPT = 16 * 1024;

const NOTHING = Buffer.alloc(0);

/** Receives the result. Exactly one method is called, unless the client leaves, the time limit passes or the server shuts down. */
export interface IdentityJudgement {
  /**
   * @param received what the client has sent, including `head`
   * @param before must be called with the connection before the application receives it
   */
  admit(identity: unknown, received: Buffer, before: (ws: WebSocketConnection) => void): void;
  refuse(refusal: Refusal): void;
  fault(error: Error): void;
}

/** A request's stream, the bytes that were read after the request, and the time limits. */
interface Waiting {
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly limits: HandshakeLimits;
}

/** @throws `TypeError` if the options have both `authenticate` and `verifyClient` */
export function requireOneVerifier(options: { authenticate?: unknown; verifyClient?: unknown }): void {
  if (!options.authenticate || !options.verifyClient) return;
  throw new TypeError('The "authenticate" and "verifyClient" options cannot be combined');
}

/** Asks the application who a client is. A synchronous answer is handled before this function returns. */
export function authenticate<Request extends IncomingMessage>(
  ask: Authenticate<Request>,
  request: Request,
  waiting: Waiting,
  judgement: IdentityJudgement,
): void {
  const pending = new PendingAuthentication(waiting);
  pending.begin();
  let answer: unknown;
  let isLate: boolean;
  try {
    answer = ask(request, pending.context);
    isLate = typeof (answer as PromiseLike<unknown> | null | undefined)?.then === 'function';
  } catch (error) {
    if (pending.finish()) judgeFailure(error, judgement);
    return;
  }
  if (!isLate) {
    if (pending.finish()) judge(answer, waiting.head, ignore, judgement);
    return;
  }
  pending.watch();
  const { socket } = waiting;
  // In a separate tick, so that an exception in a listener is an uncaught exception and not an unhandled rejection.
  const decide = (act: (received: Buffer) => void): void => {
    nextTick(() => {
      const received = pending.end();
      if (received === undefined) return;
      destroyOnThrow(socket, () => {
        act(received);
      });
    });
  };
  // `end()` paused the socket. Resume it only in the next turn, so that a subclass that awaits `opened` misses no message.
  const resumeLater = (ws: WebSocketConnection): void => {
    setImmediate(() => {
      if (!ws.isPaused) socket.resume();
    });
  };
  // A thenable may throw, or resolve with another one. `Promise.resolve()` handles both.
  Promise.resolve(answer).then(
    (identity) => {
      decide((received) => {
        judge(identity, received, resumeLater, judgement);
      });
    },
    (error: unknown) => {
      decide(() => {
        judgeFailure(error, judgement);
      });
    },
  );
}

function judge(
  answer: unknown,
  received: Buffer,
  before: (ws: WebSocketConnection) => void,
  judgement: IdentityJudgement,
): void {
  if (isRefusal(answer)) judgeFailure(answer, judgement);
  else if (answer === false) {
    // `verifyClient` refuses a client by returning false, so here too false must not admit one.
    judgeFailure(
      new TypeError('authenticate returned false: to refuse a client, use an UpgradeRefusal'),
      judgement,
    );
  } else judgement.admit(answer, received, before);
}

/** The application refused the client, or failed. The client does not learn the reason for a failure. */
function judgeFailure(error: unknown, judgement: IdentityJudgement): void {
  let cause = error;
  if (isRefusal(error)) {
    let refusal;
    try {
      // The application may have created or changed the refusal, so check it.
      refusal = createRefusal(error.status, error.message, error.headers);
    } catch (illegal) {
      cause = illegal;
    }
    if (refusal !== undefined) {
      judgement.refuse(refusal);
      return;
    }
  }
  const failure = new Error('The authentication of a client failed', { cause });
  judgement.fault(Object.assign(failure, { code: 'WS_ERR_AUTHENTICATION_FAILED' }));
}

/** A client that waits for the answer of `authenticate`: its time limit, its signal, and the data that it sends. */
class PendingAuthentication {
  readonly #waiting: Waiting;
  /** What the client has sent: the first `#length` bytes. */
  #kept: Buffer;
  #length: number;
  #isOver = false;
  #controller: AbortController | undefined = undefined;
  #reason: unknown = undefined;
  #deadline: Deadline | undefined = undefined;

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
    this.#kept = waiting.head;
    this.#length = waiting.head.length;
  }

  /** What the application receives with the request. */
  get context(): { readonly signal: AbortSignal } {
    const signal = (): AbortSignal => this.#signal();
    return {
      get signal() {
        return signal();
      },
    };
  }

  /** Returns the signal that aborts when the answer is no longer needed. Creates it at the first call. */
  #signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** Starts the wait. From now on, a shutdown refuses the client. */
  begin(): void {
    this.#waiting.limits.waiting.add(this);
  }

  /** Starts watching the client. Reads the socket, because otherwise its end would go unnoticed. */
  watch(): void {
    if (this.#isOver) return;
    const { socket, limits } = this.#waiting;
    if (socket.destroyed || socket.readableEnded) {
      // The client left before this call. Its events have already been emitted.
      this.#leave();
      return;
    }
    socket.on('data', this.#keep).once('end', this.#leave).once('close', this.#leave);
    if (limits.handshakeTimeout > 0) this.#deadline = setDeadline(limits.handshakeTimeout, pass, this);
  }

  /** Ends the wait. Returns false if it was already over. */
  finish(): boolean {
    if (this.#isOver) return false;
    this.#stop();
    return true;
  }

  /** Ends the wait and pauses the socket. Returns what the client has sent, or undefined if the wait was already over. */
  end(): Buffer | undefined {
    if (!this.finish()) return undefined;
    this.#waiting.socket.pause();
    return this.#kept.subarray(0, this.#length);
  }

  /** Refuses the client because the server is shutting down. */
  refuse(refusal: Refusal): void {
    this.#refuse(refusal, new DOMException('The server is shutting down', 'AbortError'));
  }

  pass(): void {
    const reason = new DOMException('The opening handshake took too long', 'TimeoutError');
    this.#refuse(createRefusal(503), reason);
  }

  #refuse(refusal: Refusal, reason: DOMException): void {
    const { socket, limits } = this.#waiting;
    this.#abandon(reason);
    refuse(socket, refusal, limits.closeTimeout);
  }

  // Keeps the data in one buffer: many small chunks would take much more memory.
  #keep = (chunk: Buffer): void => {
    const { head, socket } = this.#waiting;
    const length = this.#length + chunk.length;
    if (length > this.#kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#kept.length));
      this.#kept.copy(larger, 0, 0, this.#length);
      this.#kept = larger;
    }
    chunk.copy(this.#kept, this.#length);
    this.#length = length;
    if (length - head.length >= MAX_KEPT) socket.pause();
  };

  #leave = (): void => {
    this.#abandon(new DOMException('The client has left', 'AbortError'));
    // A client that ended its side cannot complete a closing handshake.
    this.#waiting.socket.destroy();
  };

  #abandon(reason: DOMException): void {
    this.#stop();
    this.#kept = NOTHING;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  #stop(): void {
    this.#isOver = true;
    clearDeadline(this.#deadline);
    const { socket, limits } = this.#waiting;
    limits.waiting.delete(this);
    socket.off('data', this.#keep).off('end', this.#leave).off('close', this.#leave);
  }
}

function pass(pending: PendingAuthentication): void {
  pending.pass();
}

function ignore(): void {
  // The answer was synchronous, so the socket was not paused.
}
