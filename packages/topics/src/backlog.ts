// What waits for a connection that has fallen behind: the newest message for each key of each topic.
import type { PreparedMessage } from '@framewire/connection';
import { OPEN, type Connection } from './connection.ts';

/** What tells messages of a topic apart, of which only the newest counts: a key of the program, or the one that has no name. */
export type ConflationKey = string | true;

/** A message of a topic of which a connection that has fallen behind receives only the newest for each key. */
export interface Conflated {
  /** The key, with the name of the topic. */
  readonly key: string;
  readonly topic: object;
  readonly message: PreparedMessage;
}

/** A connection that says when it has room again. */
interface Draining extends Connection {
  drained(): Promise<void>;
}

/** Whether more than `highWaterMark` bytes wait for the peer. */
export function isBehind(connection: Connection): connection is Draining {
  // A program may have taken the names for itself.
  return connection.writableNeedDrain === true && typeof connection.drained === 'function';
}

/** The messages that wait until one connection drains. */
export class Backlog {
  readonly #connection: Draining;
  readonly #ended: () => void;
  /** By key, the newest last. */
  readonly #waiting = new Map<string, Conflated>();

  /** @param ended called when nothing waits any more: the next message is sent, or begins another backlog */
  constructor(connection: Draining, first: Conflated, ended: () => void) {
    this.#connection = connection;
    this.#ended = ended;
    this.add(first);
    void this.sendWhenDrained();
  }

  /** Takes a message instead of an older one with the same key. */
  add(message: Conflated): void {
    this.#waiting.delete(message.key);
    this.#waiting.set(message.key, message);
  }

  /** Drops the messages of a topic that the connection has left. */
  forget(topic: object): void {
    for (const [key, message] of this.#waiting) if (message.topic === topic) this.#waiting.delete(key);
  }

  private async sendWhenDrained(): Promise<void> {
    const connection = this.#connection;
    try {
      // It rejects when the connection ends.
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

  /** Sends one message at least: the connection has drained. */
  private sendUntilBehind(): void {
    for (const [key, { message }] of this.#waiting) {
      this.#waiting.delete(key);
      this.#connection.send(message);
      if (isBehind(this.#connection)) return;
    }
  }
}
