// Topics with a connection that records what it receives.
import { setImmediate as turn } from 'node:timers/promises';
import { Topics, type Broker, type Position, type TopicConnection } from '@framewire/topics';

export class Subscriber {
  readonly topics: Topics;
  readonly received: string[] = [];
  readonly positions: Position[] = [];
  /** `interrupted`, `restored`, and the topics that `onMissed` was called with. */
  readonly changes: string[] = [];

  constructor(broker: Broker) {
    this.topics = new Topics({
      broker,
      encode: (data, position) => JSON.stringify([data.toString(), position]),
      onInterrupted: () => this.changes.push('interrupted'),
      onRestored: () => this.changes.push('restored'),
      onMissed: (topic) => this.changes.push(`missed ${topic}`),
    });
  }

  /** Another connection, which records into the same lists. */
  connection(received = this.received): TopicConnection {
    const send = (message: unknown): void => {
      // A message for many connections, or one that a connection has recovered.
      const text = String((message as { shared?: { data: unknown } }).shared?.data ?? message);
      if (!text.startsWith('[')) {
        received.push(text);
        return;
      }
      const [data, position] = JSON.parse(text) as [string, Position];
      received.push(data);
      this.positions.push(position);
    };
    // Only the parts of a connection that topics use.
    return { readyState: 1, send, on: () => {}, off: () => {} } as unknown as TopicConnection;
  }

  /** Subscribes another connection after a position. Resolves to whether it recovered, and to what it has received by then. */
  async recover(topic: string, since: Position): Promise<{ recovered: boolean; texts: string[] }> {
    const texts: string[] = [];
    const connection = this.connection(texts);
    const { recovered } = await this.topics.subscribe(connection, topic, { since });
    this.topics.unsubscribe(connection, topic);
    return { recovered, texts };
  }

  /** Publishes until the broker confirms it. */
  async publish(topic: string, text: string): Promise<Position | undefined> {
    for (;;) {
      try {
        return await this.topics.publish(topic, text);
      } catch {
        await turn();
      }
    }
  }

  /** Resolves once a connection has received a text. */
  async has(text: string): Promise<void> {
    while (!this.received.includes(text)) await turn();
  }

  async changed(change: string): Promise<void> {
    while (!this.changes.includes(change)) await turn();
  }
}
