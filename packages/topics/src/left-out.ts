// The connections that do not receive a message of this server, until the broker has brought it back.
import type { TopicConnection } from './connection.ts';

export class LeftOut {
  /** By the number of the message. */
  readonly #connections = new Map<number, { readonly topic: string; readonly connection: TopicConnection }>();

  add(topic: string, number: number, connection: TopicConnection): void {
    this.#connections.set(number, { topic, connection });
  }

  /** The connection for a message that has come. */
  take(number: number): TopicConnection | undefined {
    const found = this.#connections.get(number);
    this.#connections.delete(number);
    return found?.connection;
  }

  /** Messages of a topic do not come any more. */
  forgetTopic(topic: string): void {
    for (const [number, entry] of this.#connections)
      if (entry.topic === topic) this.#connections.delete(number);
  }
}
