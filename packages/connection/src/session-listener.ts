// The calls that a session makes to the connection that it belongs to.
import type { Buffer } from 'node:buffer';
import type { Message } from '@framewire/codec';
import type { SendCallback } from './sending/send-callback.ts';

/** One listener serves all sessions. Each call gets the connection that it is about, as `owner`. */
export interface SessionListener<T> {
  message(owner: T, message: Message): void;
  ping(owner: T, payload: Buffer): void;
  pong(owner: T, payload: Buffer): void;
  /** The waiting bytes have fallen to the high-water mark. */
  drain(owner: T): void;
  /** A message was not sent, because the peer has left too much unread. */
  dropped(owner: T, data: unknown, isBinary: boolean): void;
  /** The peer broke a rule, or a message could not be encoded. Called at most once. */
  error(owner: T, error: Error): void;
  /** This end is closing the connection. May be called again. */
  closing(owner: T): void;
  /** The last call. */
  close(owner: T, code: number, reason: Buffer): void;
  /** Offers a ping to answer. Returns false to leave it to the session; otherwise calls `done` when the pong has been written. */
  answerPing(owner: T, payload: Buffer, done: SendCallback): boolean;
  /** Offers to send the close frame that answers the peer's, or that reports a broken rule. Returns false to leave it to the session. */
  answerClose(owner: T, code?: number, reason?: Buffer): boolean;
}
