// The messages that wait for a connection that has fallen behind: the newest one for each key of each topic.
import type { PreparedMessage } from '@framewire/connection';
import { OPEN, type Connection } from './connection.ts';

/** Of the messages with the same key, only the newest counts. `true` is a key that differs from every string. */
export type ConflationKey = string | true;

/** A message that a newer one with the same key may replace while it waits. */
export interface Conflated {
  /** The key, with the name of the topic. */
  readonly key: string;
  readonly topic: object;
  readonly message: PreparedMessage;
}

/** A connection that reports when it has room again. */
interface Draining extends Connection {
  drained(): Promise<void>;
}

/** Whether more than `highWaterMark` bytes wait for the peer. */
export function isBehind(connection: Connection): connection is Draining {
  // A program may use these names for its own properties.
  return connection.writableNeedDrain === true && typeof connection.drained === 'function';
}

/** The messages that wait until one connection drains. */
export class Backlog {
  readonly #connection: Draining;
  readonly #ended: () => void;
  /** By key. The newest is last. */
  readonly #waiting = new Map<string, Conflated>();

  /** @param ended called when no message waits any longer, or the connection ends. The next message then needs another backlog, or none */
  constructor(connection: Draining, first: Conflated, ended: () => void) {
    this.#connection = connection;
    this.#ended = ended;
    this.add(first);
    void this.sendWhenDrained();
  }

  /** Adds a message, in place of an older one with the same key. */
  add(message: Conflated): void {
    this.#waiting.delete(message.key);
    this.#waiting.set(message.key, message);
  }

  /** Drops the messages of a topic, which the connection has left. */
  forget(topic: object): void {
    for (const [key, message] of this.#waiting) if (message.topic === topic) this.#waiting.delete(key);
  }

  /** Sends the messages of a topic although the connection has not drained, because a later message of the topic follows. */
  sendNow(topic: object): void {
    for (const [key, waiting] of this.#waiting) {
      if (waiting.topic !== topic) continue;
      this.#waiting.delete(key);
      this.#connection.send(waiting.message);
    }
  }

  private async sendWhenDrained(): Promise<void> {
    const connection = this.#connection;
    try {
      // `drained()` rejects when the connection ends.
      while (connection.readyState === OPEN && this.#waiting.size > 0) {
        await connection.drained();
        this.sendUntilBehind();
      }
    } catch (error) {
      if (connection.readyState === OPEN) throw error;
    } finally {
      this.#ended();
    }
  }

  /** Sends at least one message, because the connection has drained. */
  private sendUntilBehind(): void {
    for (const [key, { message }] of this.#waiting) {
      this.#waiting.delete(key);
      this.#connection.send(message);
      if (isBehind(this.#connection)) return;
    }
  }
}
