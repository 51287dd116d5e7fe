// The sessions of a broker with its engine: when one is lost, another is opened.
import { AsyncResource } from 'node:async_hooks';
import { clearDeadline, setDeadline, type Deadline } from '@framewire/connection';
import { BrokerError, type BrokerListener } from '../broker.ts';

/** Delays between attempts to reopen, in ms: the first, and the longest. */
const FIRST_DELAY = 50;
const LONGEST_DELAY = 2000;

/** What {@link Sessions} needs of a session. `close()` ends it without a call of `lost`. */
export interface EngineSession {
  close(): void;
}

/**
 * Opens a session. Rejects if the engine cannot be reached, and then leaves nothing open.
 *
 * @param lost what the session calls when it has been lost, unless it is closed first. Further calls have no effect
 */
export type OpenSession<S> = (lost: (error: Error) => void) => Promise<S>;

/** Keeps one session open at a time. Implements the parts of a broker that are the same for every engine. */
export class Sessions<S extends EngineSession> {
  readonly #openSession: OpenSession<S>;
  /** The async context of the program, and not of the call that reveals a loss. Messages arrive in that of their session. */
  readonly #context = new AsyncResource('framewire.sessions', { requireManualDestroy: true });
  #listener: BrokerListener | undefined = undefined;
  #session: S | undefined = undefined;
  #retry: Deadline | undefined = undefined;
  #isClosed = false;

  constructor(openSession: OpenSession<S>) {
    this.#openSession = openSession;
  }

  /** The listener of the broker. Undefined before {@link Sessions.listen}, and after {@link Sessions.close}. */
  get listener(): BrokerListener | undefined {
    return this.#listener;
  }

  /**
   * The session that is open.
   *
   * @throws {@link BrokerError} if there is none
   */
  get current(): S {
    if (this.#isClosed) throw new BrokerError('WS_ERR_BROKER_CLOSED');
    if (this.#session === undefined) throw new BrokerError('WS_ERR_BROKER_UNREACHABLE');
    return this.#session;
  }

  /** Opens the first session. Rejects with a {@link BrokerError} if that fails; `cause` is the error. */
  async open(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      throw error instanceof BrokerError ? error : new BrokerError('WS_ERR_BROKER_UNREACHABLE', error);
    }
  }

  /** Implements `listen()` of a broker. */
  listen(listener: BrokerListener): void {
    this.#listener = listener;
    // The session may have been lost in the meantime.
    if (this.#session === undefined) listener.interrupted(new BrokerError('WS_ERR_BROKER_UNREACHABLE'));
  }

  /** Implements `close()` of a broker. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#listener = undefined;
    clearDeadline(this.#retry);
    this.#session?.close();
    this.#session = undefined;
    return Promise.resolve();
  }

  async #open(): Promise<void> {
    const attempt: { failure?: Error; session?: S } = {};
    const session = await this.#openSession((error) => {
      if (attempt.session === undefined) attempt.failure ??= error;
      else if (this.#session === attempt.session) this.#interrupted(error);
    });
    if (attempt.failure !== undefined || this.#isClosed) session.close();
    if (attempt.failure !== undefined) throw attempt.failure;
    if (!this.#isClosed) this.#session = attempt.session = session;
  }

  #interrupted(error: Error): void {
    this.#session = undefined;
    this.#listener?.interrupted(error);
    this.#reopenIn(FIRST_DELAY);
  }

  /** Opens a session after a random part of the delay, so that servers do not all reconnect at the same moment. */
  #reopenIn(delay: number): void {
    if (this.#isClosed) return;
    const reopen = (): void => {
      this.#open().then(
        () => {
          // It may have been lost in the meantime.
          if (this.#session !== undefined) this.#listener?.restored();
        },
        () => this.#reopenIn(Math.min(2 * delay, LONGEST_DELAY)),
      );
    };
    const wait = delay * (0.5 + Math.random() / 2);
    this.#retry = this.#context.runInAsyncScope(() => setDeadline(wait, reopen, undefined));
  }
}
