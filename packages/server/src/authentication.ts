// Who a client is, as the application says it, while the client waits: until then it may leave, or send more than it should.
import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  clearDeadline,
  nextTick,
  setDeadline,
  type Deadline,
  type WebSocketConnection,
} from '@framewire/connection';
import { createRefusal, isRefusal, type Refusal } from '@framewire/handshake';
import type { HandshakeLimits } from './handshake-deadline.ts';
import type { Authenticate } from './options.ts';
import { destroyOnThrow, refuse } from './refusal.ts';

/** How many bytes of a client are kept while it waits, apart from the chunk that goes beyond it. Then its socket is not read. */
const MAX_KEPT = 16 * 1024;

/** What comes of asking who a client is. One method is called, unless the client leaves or the time is over. */
export interface IdentityJudgement {
  /**
   * @param received what the client has sent
   * @param before to be called with the connection before anyone else has it
   */
  admit(identity: unknown, received: Buffer, before: (ws: WebSocketConnection) => void): void;
  refuse(refusal: Refusal): void;
  fault(error: Error): void;
}

/** The stream of a request, what was read after the request, and the time limits. */
interface Waiting {
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly limits: HandshakeLimits;
}

/** @throws `TypeError` for options with two functions that judge clients */
export function requireOneJudge(options: { authenticate?: unknown; verifyClient?: unknown }): void {
  if (!options.authenticate || !options.verifyClient) return;
  throw new TypeError('The "authenticate" and "verifyClient" options exclude each other');
}

/** Asks the application who a client is. An answer that is there immediately is acted upon before this returns. */
export function authenticate<Request extends IncomingMessage>(
  ask: Authenticate<Request>,
  request: Request,
  waiting: Waiting,
  judgement: IdentityJudgement,
): void {
  const patience = new Patience(waiting);
  let answer: unknown;
  try {
    answer = ask(request, patience);
  } catch (error) {
    judgeFailure(error, judgement);
    return;
  }
  if (typeof (answer as PromiseLike<unknown> | null | undefined)?.then !== 'function') {
    judge(answer, waiting.head, ignore, judgement);
    return;
  }
  patience.begin();
  const { socket } = waiting;
  // In a tick of its own, as what a listener throws is an uncaught exception and no rejection.
  const decide = (act: (received: Buffer) => void): void => {
    nextTick(() => {
      const received = patience.end();
      if (received === undefined) return;
      destroyOnThrow(socket, () => {
        act(received);
      });
    });
  };
  // The socket was paused when the wait ended.
  const readOn = (ws: WebSocketConnection): void => {
    if (!ws.isPaused) socket.resume();
  };
  (answer as PromiseLike<unknown>).then(
    (identity) => {
      decide((received) => {
        judge(identity, received, readOn, judgement);
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
    // As an answer of `verifyClient` it would refuse the client, so it must not let it in.
    judgeFailure(new TypeError('authenticate answered false: to refuse, use an UpgradeRefusal'), judgement);
  } else judgement.admit(answer, received, before);
}

/** The application refuses a client, or has failed. The client is not to hear why. */
function judgeFailure(error: unknown, judgement: IdentityJudgement): void {
  let cause = error;
  if (isRefusal(error)) {
    let refusal;
    try {
      // Anyone may have made it, or changed it.
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

/** How long a client waits for the answer, and what it does meanwhile. */
class Patience {
  readonly #waiting: Waiting;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #isOver = false;
  #controller: AbortController | undefined = undefined;
  #reason: unknown = undefined;
  #deadline: Deadline | undefined = undefined;

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
  }

  /** Aborts when the answer is no longer needed. Created when it is first read. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** Begins to watch the client. Its socket is read, because otherwise its end would not be noticed. */
  begin(): void {
    const { socket, limits } = this.#waiting;
    limits.waiting.add(this);
    socket.on('data', this.#keep).once('end', this.#leave).once('close', this.#leave);
    if (limits.handshakeTimeout > 0) this.#deadline = setDeadline(limits.handshakeTimeout, pass, this);
  }

  /** Ends the wait, with the socket paused. Returns what the client has sent; undefined if the wait is over already. */
  end(): Buffer | undefined {
    if (this.#isOver) return undefined;
    this.#stop();
    this.#waiting.socket.pause();
    return Buffer.concat([this.#waiting.head, ...this.#kept]);
  }

  /** The server shuts down. */
  refuse(refusal: Refusal): void {
    this.#refuse(refusal, new DOMException('The server shuts down', 'AbortError'));
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

  // A copy, as the chunk may be a small part of its memory.
  #keep = (chunk: Buffer): void => {
    this.#kept.push(Buffer.from(chunk));
    this.#keptBytes += chunk.length;
    if (this.#keptBytes >= MAX_KEPT) this.#waiting.socket.pause();
  };

  #leave = (): void => {
    this.#abandon(new DOMException('The client has left', 'AbortError'));
    // A client that has ended its side will not be able to close a connection properly.
    this.#waiting.socket.destroy();
  };

  #abandon(reason: DOMException): void {
    this.#stop();
    this.#kept = [];
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

function pass(patience: Patience): void {
  patience.pass();
}

function ignore(): void {
  // The socket was not paused.
}
