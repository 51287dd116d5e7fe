// The time limits of a connection: how long it may stay open, and how long it may be without a message.
import type { Buffer } from 'node:buffer';
import { CloseCode, type Message } from '@framewire/codec';
import { clearDeadline, now, setWatch, type Deadline } from './clock.ts';
import { HeartbeatSession } from './heartbeat.ts';
import type { ConnectionOptions } from './options.ts';
import { setImmediate } from './scheduling.ts';
import { Session } from './session.ts';

/** The fraction of a lifetime that is random, so that connections that were opened together do not end together. */
const JITTER = 0.1;

/** A session that closes after `idleTimeout` without a message in either direction. */
class IdleSession<T> extends HeartbeatSession<T> {
  #messageAt = now();
  /** In ms. Read only once, because connections share their options and a program may change them. */
  #limit = 0;
  #deadline: Deadline | undefined = undefined;

  override start(head: Buffer): void {
    super.start(head);
    this.#limit = this.options.idleTimeout ?? 0;
    this.checkIdleness();
  }

  override send(...args: Parameters<Session<T>['send']>): void {
    this.#messageAt = now();
    super.send(...args);
  }

  override sendPrepared(...args: Parameters<Session<T>['sendPrepared']>): void {
    this.#messageAt = now();
    super.sendPrepared(...args);
  }

  override writeFrames(...args: Parameters<Session<T>['writeFrames']>): void {
    this.#messageAt = now();
    super.writeFrames(...args);
  }

  override message(message: Message): void {
    this.#messageAt = now();
    super.message(message);
  }

  override streamClosed(): void {
    clearDeadline(this.#deadline);
    super.streamClosed();
  }

  /** Closes the connection if it has been idle for `idleTimeout`. Otherwise schedules the next check for the end of that time. */
  checkIdleness(): void {
    if (this.idleTimeLeft > 0) {
      this.#deadline = setWatch(Math.ceil(this.idleTimeLeft), checkIdleness, this as IdleSession<unknown>);
    } else {
      // Wait until the sockets have been read: a busy event loop may have delayed a message.
      setImmediate(endIdleness, this as IdleSession<unknown>);
    }
  }

  endIdleness(): void {
    if (this.idleTimeLeft > 0) this.checkIdleness();
    else goAway(this);
  }

  private get idleTimeLeft(): number {
    return this.#messageAt + this.#limit - now();
  }
}

/** Returns the class of session for the options. Options that are off need no memory. */
export function sessionClass({ heartbeat, idleTimeout }: ConnectionOptions): typeof Session {
  if (idleTimeout) return IdleSession;
  return heartbeat ? HeartbeatSession : Session;
}

/** Closes a session when it has been open for `maxLifetime`. */
export function limitLifetime(session: Session<unknown>, maxLifetime: number): void {
  const { stream } = session;
  // A stream that has closed emits no `close` event, which would end the time limit.
  if (stream.closed) return;
  const end = now() + maxLifetime * (1 - JITTER * Math.random());
  let deadline: Deadline | undefined;
  // A timer runs for at most 24.8 days. After that, `check` starts another.
  const check = (): void => {
    const left = Math.ceil(end - now());
    if (left <= 0) goAway(session);
    else deadline = setWatch(left, check, undefined);
  };
  check();
  stream.once('close', () => clearDeadline(deadline));
}

function endIdleness(session: IdleSession<unknown>): void {
  session.endIdleness();
}

function checkIdleness(session: IdleSession<unknown>): void {
  session.checkIdleness();
}

function goAway(session: Pick<Session<unknown>, 'close'>): void {
  session.close(CloseCode.GOING_AWAY);
}
