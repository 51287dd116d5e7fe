// The connection that must not receive a message: for each message that this server has published and that may still arrive.
import type { Position } from './broker.ts';
import type { TopicConnection } from './connection.ts';

interface Entry {
  readonly connection: TopicConnection;
  /** Undefined until the broker has confirmed the message. */
  position: Position | undefined;
}

export class LeftOut {
  /** By topic, and then by the number of the message. */
  readonly #topics = new Map<string, Map<number, Entry>>();

  add(topic: string, number: number, connection: TopicConnection): void {
    const entries = this.#topics.get(topic) ?? new Map<number, Entry>();
    this.#topics.set(topic, entries);
    entries.set(number, { connection, position: undefined });
  }

  /** Records the position of a message that has not arrived yet. */
  confirm(topic: string, number: number, position: Position): void {
    const entry = this.#topics.get(topic)?.get(number);
    if (entry !== undefined) entry.position = position;
  }

  /** Returns the connection for a message that has arrived or failed, and forgets it. */
  take(topic: string, number: number): TopicConnection | undefined {
    const entries = this.#topics.get(topic);
    const entry = entries?.get(number);
    entries?.delete(number);
    if (entries?.size === 0) this.#topics.delete(topic);
    return entry?.connection;
  }

  /**
   * Forgets the messages that no longer arrive, because the topic continues after a position, or has no subscribers. A message that the
   * broker has not confirmed may still arrive.
   */
  skipTo(topic: string, position: Position | undefined): void {
    for (const [number, entry] of this.#topics.get(topic) ?? []) {
      if (entry.position !== undefined && !isAfter(entry.position, position)) this.take(topic, number);
    }
  }
}

/** Whether a message at a position arrives after another position of its topic. */
function isAfter({ epoch, offset }: Position, last: Position | undefined): boolean {
  return epoch === last?.epoch && offset > last.offset;
}
