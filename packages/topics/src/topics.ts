// Publish and subscribe: to connections of this process, and through a broker to those of other processes.
import { nextTick, PreparedMessage, toPayload, type SendableData } from '@framewire/connection';
import { BrokerLink } from './broker-link.ts';
import { BrokerError, type Position } from './broker.ts';
import { OPEN, type Connection, type TopicConnection } from './connection.ts';
import { deliver } from './delivery.ts';
import { decodeEnvelope, encodeEnvelope, newServerId, type Envelope } from './envelope.ts';
import { LeftOut } from './left-out.ts';
import type { PublishOptions, SubscribeOptions, Subscription, TopicsOptions } from './options.ts';
import type { MissedMessage } from './recoveries.ts';
import type { RemoteMessage, RemoteTopic } from './remote-topic.ts';
import { Subscriptions, type Subscriber, type Topic } from './subscriptions.ts';

/** What `subscribe()` resolves to if there are no positions. */
const WITHOUT_POSITION: Subscription = Object.freeze({ recovered: false, position: undefined });

/**
 * Publish and subscribe within a process or, with a broker, among several processes. Names of topics match exactly. A connection leaves
 * all of its topics when it closes, and a topic without subscribers takes no memory.
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
  readonly #options: TopicsOptions;
  readonly #subscriptions: Subscriptions;
  readonly #link: BrokerLink | undefined;
  readonly #server = newServerId();
  readonly #leftOut = new LeftOut();
  #published = 0;
  #isClosed = false;

  /** @throws `RangeError` for a `maxQueued` that is not at least 0 */
  constructor(options: TopicsOptions = {}) {
    const { broker, maxQueued = 0, onInterrupted, onRestored, onMissed } = options;
    if (!(maxQueued >= 0)) throw new RangeError('maxQueued must not be less than 0');
    this.#options = options;
    this.#subscriptions = new Subscriptions((topic) => {
      this.#link?.leave(topic);
      this.#leftOut.skipTo(topic, undefined);
    });
    if (broker === undefined) return;
    this.#link = new BrokerLink(broker, maxQueued, {
      received: (topic, message) => this.#received(topic, message),
      skipped: (topic, position) => this.#leftOut.skipTo(topic, position),
      missed: (topic) => call(() => onMissed?.(topic)),
      interrupted: (error) => call(() => onInterrupted?.(error)),
      restored: () => call(() => onRestored?.()),
    });
  }

  /**
   * Subscribes a connection to a topic, synchronously. While it is open, it receives what is published from now on. A connection that is
   * closing or has closed is not subscribed. Subscribing again has no effect.
   *
   * With a broker, the promise resolves when messages of other servers arrive too. While the broker cannot be reached, it resolves
   * immediately, and those messages arrive once the broker can be reached.
   *
   * With `since`, and a broker that has a history, the connection is first sent what it has missed. If some of that is missing from the
   * history, it receives only what is published from now on, and `recovered` is false. `recovered` is also false if the connection was
   * already subscribed, if it leaves the topic or closes in the meantime, if it drops one of the messages (`onBufferFull`), or if the
   * broker loses messages while earlier ones are sent.
   *
   * Rejects with a `TypeError` for a topic that is not a string, and with a {@link BrokerError} after `close()`. With `since`, it also
   * rejects with a {@link BrokerError} while the broker cannot be reached. The connection is not subscribed then.
   */
  async subscribe(ws: TopicConnection, topic: string, options: SubscribeOptions = {}): Promise<Subscription> {
    if (typeof topic !== 'string') throw new TypeError('The topic must be a string');
    if (this.#isClosed) throw new BrokerError('WS_ERR_BROKER_CLOSED');
    const connection = ws as Connection;
    if (connection.readyState > OPEN) return WITHOUT_POSITION;
    const isNew = this.#subscriptions.add(connection, topic);
    if (this.#link === undefined) return WITHOUT_POSITION;
    const remote = this.#link.join(topic);
    const { since } = options;
    if (isNew && this.#link.broker.hasHistory && isPosition(since)) {
      return this.#recover(connection, topic, remote, since);
    }
    try {
      await remote.joined;
    } catch (error) {
      if (error instanceof BrokerError) return WITHOUT_POSITION;
      // The connection may have left in the meantime, and subscribed again.
      if (isNew && this.#link.find(topic) === remote) this.unsubscribe(ws, topic);
      throw error;
    }
    return { recovered: false, position: remote.position };
  }

  /**
   * Ends a subscription. Messages of the topic that wait because of `conflate` are dropped.
   *
   * @returns whether the connection was subscribed
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

  /** How many connections of this process have subscribed to a topic. */
  subscriberCount(topic: string): number {
    return this.#subscriptions.find(topic)?.subscribers.length ?? 0;
  }

  /**
   * Sends a message to all subscribers of a topic. The message is framed once, and compressed once for each set of parameters that they
   * have negotiated.
   *
   * Subscribers of this process are sent the message synchronously, as if by `send()`. With a history, they receive it as subscribers of
   * other processes do, once it has its position.
   *
   * With a broker, the promise resolves when the broker has the message. It rejects with a {@link BrokerError} if the broker cannot be
   * reached and the message cannot wait. It rejects with a `TypeError` for data that cannot be sent. Without a broker and without a
   * subscriber, it ignores the data.
   *
   * Without a history, it also rejects with the error of a `send()` that throws. With a history, such an error is an uncaught exception.
   * All other subscribers receive the message in both cases.
   *
   * @param data as for `send()`, except a `Blob`. Bytes are copied.
   * @returns the position of the message, if the broker has a history
   */
  publish(topic: string, data: SendableData, options: PublishOptions = {}): Promise<Position | undefined> {
    try {
      return this.#link === undefined
        ? this.#publishHere(topic, data, options)
        : this.#publishThrough(this.#link, topic, data, options);
    } catch (thrown) {
      const error = thrown as Error;
      return Promise.reject(error);
    }
  }

  /** Ends all subscriptions, and closes the broker. Messages that wait for it are lost, and their promises reject. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#subscriptions.clear();
    await this.#link?.close();
  }

  #publishHere(topic: string, data: SendableData, options: PublishOptions): Promise<undefined> {
    const found = this.#subscriptions.find(topic);
    if (found !== undefined) {
      deliver(this.#subscriptions, found, new PreparedMessage(data, options), options);
    }
    return NOTHING;
  }

  #publishThrough(
    link: BrokerLink,
    topic: string,
    data: SendableData,
    options: PublishOptions,
  ): Promise<Position | undefined> {
    const { compress = true, conflate = false, except } = options;
    const payload = toPayload(data);
    if (typeof payload !== 'string' && !(payload instanceof Uint8Array)) {
      throw new TypeError('A Blob cannot be published: read it first, with its arrayBuffer()');
    }
    const binary = options.binary ?? typeof payload !== 'string';
    const number = ++this.#published;
    const message = encodeEnvelope({ binary, compress, conflate, sender: this.#server, number }, payload);
    if (link.broker.hasHistory) {
      if (except !== undefined) this.#leftOut.add(topic, number, except);
      const published = link.publish(topic, message);
      if (except !== undefined) this.#confirm(link, topic, number, published);
      return published;
    }
    const published = link.publish(topic, message);
    const found = this.#subscriptions.find(topic);
    if (found === undefined) return published;
    try {
      deliver(this.#subscriptions, found, new PreparedMessage(payload, options), options);
    } catch (error) {
      published.catch(ignore);
      throw error;
    }
    return published;
  }

  /** Keeps the connection that a message leaves out only while the message may still arrive. */
  #confirm(link: BrokerLink, topic: string, number: number, published: Promise<Position | undefined>): void {
    published.then(
      (position) => {
        const remote = link.find(topic);
        if (position === undefined || remote === undefined || remote.hasPassed(position)) {
          this.#leftOut.take(topic, number);
        } else this.#leftOut.confirm(topic, number, position);
      },
      // The message may still arrive, and the connection then receives it too. But nothing else would remove the entry.
      () => this.#leftOut.take(topic, number),
    );
  }

  /** Sends a message from the broker to the subscribers of this process. */
  #received(name: string, { data, position }: RemoteMessage): void {
    const envelope = decodeEnvelope(data);
    if (envelope === undefined) return;
    const isOwn = envelope.sender === this.#server;
    // Without a history, `publish()` has already sent it to them.
    if (isOwn && position === undefined) return;
    const except = isOwn ? this.#leftOut.take(name, envelope.number) : undefined;
    const topic = this.#subscriptions.find(name);
    if (topic === undefined) return;
    try {
      const message = this.#prepare(envelope, position, name);
      const isOrdered = position !== undefined;
      deliver(this.#subscriptions, topic, message, { except, conflate: envelope.conflate, isOrdered });
    } catch (error) {
      throwLater(error);
    }
  }

  #prepare(envelope: Envelope, position: Position | undefined, topic: string): PreparedMessage {
    const { payload, compress } = envelope;
    const { encode } = this.#options;
    if (encode === undefined || position === undefined) return new PreparedMessage(payload, envelope);
    const encoded = encode(envelope.binary ? payload : payload.toString(), position, topic);
    const binary = typeof encoded === 'string' ? false : envelope.binary;
    return new PreparedMessage(encoded, { binary, compress });
  }

  /** Sends a connection what it has missed. Until then, it receives no other message of the topic. */
  async #recover(
    connection: Connection,
    name: string,
    remote: RemoteTopic,
    since: Position,
  ): Promise<Subscription> {
    const subscriber = this.#subscriptions.subscriberOf(connection) as Subscriber;
    const topic = this.#subscriptions.find(name) as Topic;
    const attempt = {};
    (subscriber.recoveries ??= new Map()).set(topic, attempt);
    // The connection may leave the topic, or begin to close, in the meantime.
    const isUnderWay = (): boolean =>
      subscriber.recoveries?.get(topic) === attempt && connection.readyState === OPEN;
    let subscription = WITHOUT_POSITION;
    const failures: Error[] = [];
    const sent = (error?: Error | null): void => {
      if (error) failures.push(error);
    };
    try {
      await remote.joined;
      if (!isUnderWay()) return WITHOUT_POSITION;
      if (remote.position === undefined || this.#link?.isInterrupted === true)
        throw new BrokerError('WS_ERR_BROKER_UNREACHABLE');
      await remote.recover(since, {
        send: (message) => {
          if (isUnderWay()) this.#resend(connection, name, since.epoch, message, sent);
        },
        end: (recovered) => {
          if (!isUnderWay()) return;
          subscriber.recoveries?.delete(topic);
          subscription = { recovered, position: remote.position };
        },
      });
      // The connection reports messages that it has dropped in the next tick.
      await new Promise<void>((resolve) => nextTick(resolve));
      if (failures.length > 0) subscription = { ...subscription, recovered: false };
    } catch (error) {
      // The connection is gone, and its program need not handle that.
      if (!isUnderWay()) return WITHOUT_POSITION;
      this.unsubscribe(connection, name);
      throw error;
    } finally {
      // A connection that is not open yet receives the topic once it is.
      if (subscriber.recoveries.get(topic) === attempt) subscriber.recoveries.delete(topic);
    }
    return subscription;
  }

  /** @param sent called with an error if the message is not sent */
  #resend(
    connection: Connection,
    topic: string,
    epoch: string,
    message: MissedMessage,
    sent: (error?: Error | null) => void,
  ): void {
    const { data, offset } = message;
    try {
      if (message.prepared === undefined) {
        const envelope = decodeEnvelope(data);
        if (envelope === undefined) return;
        message.prepared = this.#prepare(envelope, { epoch, offset }, topic);
      }
      connection.send(message.prepared, sent);
    } catch (error) {
      sent(error as Error);
      throwLater(error);
    }
  }
}

/** Within a process there is nothing to wait for. */
const NOTHING = Promise.resolve(undefined);

/** Checks a position, because it may come from a client. */
function isPosition(since: Position | undefined): since is Position {
  return typeof since?.epoch === 'string' && Number.isSafeInteger(since.offset) && since.offset >= 0;
}

/** Calls a function of the program. Its error does not disturb the link to the broker. */
function call(report: () => void): void {
  try {
    report();
  } catch (error) {
    throwLater(error);
  }
}

/** Rethrows in a tick of its own, so that the next messages are still delivered. */
function throwLater(error: unknown): void {
  nextTick(() => {
    throw error;
  });
}

function ignore(): void {}
