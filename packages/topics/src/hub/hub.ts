// The hub of several processes or threads: it passes on what each of them publishes.
import { nextTick } from 'node:process';
import { BrokerError, type Broker, type BrokerListener, type History, type Position } from '../broker.ts';
import { historyLimits, type HistoryLimits, type HistoryOption } from '../engine/history-limits.ts';
import { HubClients, type HubWorker } from './hub-clients.ts';
import { HubTopic, type HubSubscriber } from './hub-topic.ts';

/** How many bytes of messages a client may leave unread, by default. */
const MOST_UNREAD = 32 * 1024 * 1024;

/** The options of a {@link TopicHub}. */
export interface TopicHubOptions {
  /**
   * What is kept of each topic, so that clients can recover. `true` keeps 1000 messages, for 5 minutes after the last one. A topic
   * without subscribers is forgotten after that time, and begins a new epoch. Default: nothing is kept, and messages have no positions.
   */
  readonly history?: HistoryOption;
  /**
   * How many bytes of messages each broker in a worker may leave unread. One that leaves more is interrupted: its subscriptions end, and
   * once it has read what it was sent, it subscribes again. `Infinity` for no limit. Default 32 MiB.
   */
  readonly maxBufferedAmount?: number | undefined;
}

/** The methods that all these workers have. */
interface Emitter {
  on(event: string, listener: (argument: unknown) => void): unknown;
  once(event: string, listener: () => void): unknown;
}

/**
 * Carries messages between the processes of a cluster, or between threads. It lives in the primary process, or in the main thread. Each
 * of the others connects with `connectToHub()`.
 *
 * @example
 * ```ts
 * const hub = new TopicHub();
 * if (cluster.isPrimary) hub.add(cluster.fork());
 * ```
 */
export class TopicHub {
  readonly #limits: HistoryLimits | undefined;
  readonly #maxUnread: number;
  readonly #topics = new Map<string, HubTopic>();
  readonly #workers = new WeakSet<HubWorker>();

  /** @throws `RangeError` for limits that are not above 0 */
  constructor({ history, maxBufferedAmount = MOST_UNREAD }: TopicHubOptions = {}) {
    if (!(maxBufferedAmount > 0)) throw new RangeError('maxBufferedAmount must be greater than 0');
    this.#limits = historyLimits(history);
    this.#maxUnread = maxBufferedAmount;
  }

  get hasHistory(): boolean {
    return this.#limits !== undefined;
  }

  /** Serves a worker until it ends. Adding it again has no effect. */
  add(worker: HubWorker): void {
    if (this.#workers.has(worker)) return;
    this.#workers.add(worker);
    const clients = new HubClients(this, worker, this.#maxUnread);
    // Each type of worker has some of these events.
    const emitter: Emitter = worker;
    emitter.on('message', (message: unknown) => clients.take(message));
    for (const end of ['exit', 'disconnect', 'close']) emitter.once(end, () => clients.leave());
  }

  /** Returns a broker for the process or thread of the hub itself. */
  broker(): Broker {
    return new LocalBroker(this);
  }

  /** @internal */
  publish(name: string, data: Uint8Array): Position | undefined {
    const topic = this.hasHistory ? this.#topicOf(name) : this.#topics.get(name);
    return topic?.publish(data);
  }

  /** @internal */
  subscribe(name: string, subscriber: HubSubscriber): Position | undefined {
    return this.#topicOf(name).add(subscriber);
  }

  /** @internal */
  unsubscribe(name: string, subscriber: HubSubscriber): void {
    this.#topics.get(name)?.remove(subscriber);
  }

  /** @internal */
  history(name: string, since: Position): History {
    return this.#topicOf(name).since(since);
  }

  #topicOf(name: string): HubTopic {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = new HubTopic(name, this.#limits, () => this.#topics.delete(name));
      this.#topics.set(name, topic);
    }
    return topic;
  }
}

/** The broker of the process or thread that the hub lives in. */
class LocalBroker implements Broker, HubSubscriber {
  readonly #hub: TopicHub;
  readonly #topics = new Set<string>();
  #listener: BrokerListener | undefined = undefined;
  #isClosed = false;

  constructor(hub: TopicHub) {
    this.#hub = hub;
  }

  get hasHistory(): boolean {
    return this.#hub.hasHistory;
  }

  listen(listener: BrokerListener): void {
    this.#listener = listener;
  }

  publish(topic: string, data: Uint8Array): Promise<Position | undefined> {
    return this.#call(() => this.#hub.publish(topic, data));
  }

  subscribe(topic: string): Promise<Position | undefined> {
    return this.#call(() => {
      this.#topics.add(topic);
      return this.#hub.subscribe(topic, this);
    });
  }

  unsubscribe(topic: string): Promise<void> {
    return this.#call(() => {
      this.#topics.delete(topic);
      this.#hub.unsubscribe(topic, this);
    });
  }

  history(topic: string, since: Position): Promise<History> {
    return this.#call(() => this.#hub.history(topic, since));
  }

  /**
   * Calls the listener in a tick of its own, as if the message came from another process. Otherwise a listener that publishes would receive
   * its own message before other listeners, or other subscribers, have received the message that it handles.
   */
  deliver(topic: string, data: Uint8Array, position: Position | undefined): void {
    nextTick(() => {
      if (!this.#isClosed) this.#listener?.message(topic, data, position);
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    for (const topic of this.#topics) this.#hub.unsubscribe(topic, this);
    this.#topics.clear();
    return Promise.resolve();
  }

  #call<T>(run: () => T): Promise<T> {
    return this.#isClosed ? Promise.reject(new BrokerError('WS_ERR_BROKER_CLOSED')) : Promise.resolve(run());
  }
}
