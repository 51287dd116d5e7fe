// For each message that this server has published and the broker has not yet delivered: the connection that must not receive it.
import type { TopicConnection } from './connection.ts';

export class LeftOut {
  /** By topic, and then by the number of the message. */
  readonly #topics = new Map<string, Map<number, TopicConnection>>();

  add(topic: string, number: number, connection: TopicConnection): void {
    const connections = this.#topics.get(topic);
    if (connections === undefined) this.#topics.set(topic, new Map([[number, connection]]));
    else connections.set(number, connection);
  }

  /** Returns the connection for a message that has arrived, and forgets it. */
  take(topic: string, number: number): TopicConnection | undefined {
    const connections = this.#topics.get(topic);
    const connection = connections?.get(number);
    connections?.delete(number);
    if (connections?.size === 0) this.#topics.delete(topic);
    return connection;
  }

  /** Forgets the messages of a topic, because they no longer arrive. */
  forgetTopic(topic: string): void {
    this.#topics.delete(topic);
  }
}
