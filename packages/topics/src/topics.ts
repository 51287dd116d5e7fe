// Publishing to topics, and who receives what is published.
import { PreparedMessage, type SendableData } from '@framewire/connection';
import { OPEN, type Connection, type TopicConnection } from './connection.ts';
import { deliver } from './delivery.ts';
import { Subscriptions } from './subscriptions.ts';

/** How to publish one message. */
export interface PublishOptions {
  /** Whether it is binary. Default: whether the data is not a string. */
  binary?: boolean | undefined;
  /** Whether it may be compressed, where that was negotiated. Default true. */
  compress?: boolean | undefined;
  /** A connection that does not receive it: that of the sender, for example. */
  except?: TopicConnection | undefined;
  /**
   * Sends a subscriber that has fallen behind only the newest message for each key, once it drains. `true` is a key of its own. Keys
   * belong to their topic. Default false: every message is sent, within the limits that the connection has.
   */
  conflate?: boolean | string | undefined;
}

/**
 * Publish and subscribe within a process. Names of topics match exactly. A connection leaves all of its topics when it closes, and a
 * topic without subscribers takes no memory.
 *
 * @example
 * ```ts
 * const topics = new Topics();
 * server.on('connection', (ws) => {
 *   topics.subscribe(ws, 'news');
 *   ws.on('message', (data, isBinary) => topics.publish('news', data, { binary: isBinary, except: ws }));
 * });
 * ```
 */
export class Topics {
  readonly #subscriptions = new Subscriptions();

  /**
   * Subscribes a connection to a topic, in the call itself. It receives what is published from now on, while it is open. A connection
   * that is closing or has closed is not subscribed. Subscribing twice is as once.
   *
   * Rejects with a `TypeError` for a topic that is not a string.
   */
  subscribe(ws: TopicConnection, topic: string): Promise<void> {
    if (typeof topic !== 'string') return Promise.reject(new TypeError('The topic must be a string'));
    if (ws.readyState <= OPEN) this.#subscriptions.add(ws as Connection, topic);
    return DONE;
  }

  /**
   * Ends a subscription. A message that waits for the connection because of `conflate` is dropped.
   *
   * @returns whether there was one
   */
  unsubscribe(ws: TopicConnection, topic: string): boolean {
    return this.#subscriptions.remove(ws as Connection, topic);
  }

  /** Whether a connection has subscribed to a topic. */
  isSubscribed(ws: TopicConnection, topic: string): boolean {
    return this.#subscriptions.has(ws as Connection, topic);
  }

  /** The topics that a connection has subscribed to, in the order of the subscriptions. */
  subscriptions(ws: TopicConnection): string[] {
    return this.#subscriptions.topicsOf(ws as Connection);
  }

  /** How many connections have subscribed to a topic. */
  subscriberCount(topic: string): number {
    return this.#subscriptions.find(topic)?.subscribers.length ?? 0;
  }

  /**
   * Sends a message to all subscribers of a topic, in the call itself. It is framed once, and compressed once for each set of
   * parameters that they have negotiated. Among the messages of a connection it has the place of a `send()` at the same moment.
   *
   * Rejects with a `TypeError` for data of another kind, and with what a `send()` throws. All other subscribers receive the message
   * even then.
   *
   * @param data as for `send()`, except a `Blob`. Bytes are copied.
   */
  publish(topic: string, data: SendableData, options: PublishOptions = {}): Promise<void> {
    const found = this.#subscriptions.find(topic);
    if (found === undefined) return DONE;
    try {
      deliver(this.#subscriptions, found, new PreparedMessage(data, options), options);
      return DONE;
    } catch (thrown) {
      const error = thrown as Error;
      return Promise.reject(error);
    }
  }
}

/** Nothing is waited for within a process. */
const DONE = Promise.resolve();
