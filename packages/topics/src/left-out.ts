// For each message that this server has published and the broker has not yet delivered: the connection that must not receive it.
import type { TopicConnection } from './connection.ts';

export class LeftOut {
  /** By the number of the message. */
  readonly #connections = new Map<number, { readonly topic: string; readonly connection: TopicConnection }>();

  add(topic: string, number: number, connection: TopicConnection): void {
    this.#connections.set(number, { topic, connection });
  }

  /** Returns the connection for a message that has arrived, and forgets it. */
  take(number: number): TopicConnection | undefined {
    const found = this.#connections.get(number);
    this.#connections.delete(number);
    return found?.connection;
  }

  /** Forgets the messages of a topic, because they no longer arrive. */
  forgetTopic(topic: string): void {
    for (const [number, entry] of this.#connections)
      if (entry.topic === topic) this.#connections.delete(number);
  }
}
