// The link of one server to the broker: its subscriptions there, and the messages that wait while the broker cannot be reached.
import { setWatch } from '@framewire/connection';
import { BrokerError, type Broker, type Position } from './broker.ts';
import type { RemoteTopic, RemoteTopicObserver } from './remote-topic.ts';
import { WaitingTopic } from './waiting-topic.ts';

/** With a history: how many topics join at a time after an interruption. The engine must answer all of their requests in time. */
const MOST_REJOINING = 256;

/** How long it waits before it asks again for a subscription that the engine has refused, in ms. */
const REJOIN_DELAY = 2000;

/** The functions that the link calls. */
export interface LinkObserver extends RemoteTopicObserver {
  interrupted(error: Error): void;
  restored(): void;
}

/** A message that waits until the broker can be reached. */
interface Queued {
  readonly topic: string;
  readonly data: Uint8Array;
  readonly resolve: (position: Promise<Position | undefined>) => void;
  readonly reject: (error: BrokerError) => void;
}

export class BrokerLink {
  readonly broker: Broker;
  readonly #observer: LinkObserver;
  readonly #maxQueued: number;
  readonly #topics = new Map<string, WaitingTopic>();
  /** With a history: the topics that have not had their turn to join again. Undefined after an interruption, and before the first one. */
  #rejoining: Iterable<[string, WaitingTopic]> | undefined = undefined;
  /**
   * With a history: the topics whose position is not known yet, and those that wait for their turn. The promises resolve when they have
   * joined, or when that has failed.
   */
  readonly #joining = new Map<string, Promise<unknown>>();
  #queue: Queued[] = [];
  #queuedBytes = 0;
  /** Why the broker cannot be reached. Undefined while it can. */
  #interruption: Error | undefined = undefined;
  #isClosed = false;

  /** @param maxQueued how many bytes of messages may wait for a broker that cannot be reached */
  constructor(broker: Broker, maxQueued: number, observer: LinkObserver) {
    this.broker = broker;
    this.#maxQueued = maxQueued;
    this.#observer = observer;
    broker.listen({
      message: (topic, data, position, previous) => this.#topics.get(topic)?.take(data, position, previous),
      interrupted: (error) => this.#interrupted(error),
      restored: () => this.#restored(),
    });
  }

  get isInterrupted(): boolean {
    return this.#interruption !== undefined;
  }

  /** Returns the topic. The server is subscribed to it at the broker until {@link BrokerLink.leave}. */
  join(name: string): RemoteTopic {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = new WaitingTopic(name, this.broker, this.#observer);
      this.#topics.set(name, topic);
      topic.join();
      this.#holdMessages(name, topic);
    }
    return topic;
  }

  find(name: string): RemoteTopic | undefined {
    return this.#topics.get(name);
  }

  leave(name: string): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) return;
    const { isWaiting } = topic;
    topic.leave();
    this.#topics.delete(name);
    // An interruption has already ended the subscription.
    if (!this.#isClosed && !this.isInterrupted && !isWaiting) this.broker.unsubscribe(name).catch(ignore);
  }

  /**
   * Publishes a message, or keeps it until the broker can be reached. With a history, subscribers of this server receive it from the broker
   * too. So it waits for a subscription that the broker has not confirmed, and that it could overtake.
   */
  publish(topic: string, data: Uint8Array): Promise<Position | undefined> {
    const joining = this.#joining.get(topic);
    return joining === undefined
      ? this.#publish(topic, data)
      : joining.then(() => this.#publish(topic, data));
  }

  #publish(topic: string, data: Uint8Array): Promise<Position | undefined> {
    if (this.#isClosed) return Promise.reject(new BrokerError('WS_ERR_BROKER_CLOSED'));
    if (this.#interruption === undefined) return this.broker.publish(topic, data);
    if (this.#maxQueued === 0) {
      return Promise.reject(new BrokerError('WS_ERR_BROKER_UNREACHABLE', this.#interruption));
    }
    if (this.#queuedBytes + data.length > this.#maxQueued) {
      return Promise.reject(new BrokerError('WS_ERR_BROKER_QUEUE_FULL', this.#interruption));
    }
    this.#queuedBytes += data.length;
    return new Promise((resolve, reject) => this.#queue.push({ topic, data, resolve, reject }));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const topic of this.#topics.values()) topic.leave();
    this.#topics.clear();
    for (const { reject } of this.#takeQueue()) reject(new BrokerError('WS_ERR_BROKER_CLOSED'));
    await this.broker.close();
  }

  #interrupted(error: Error): void {
    if (this.isInterrupted || this.#isClosed) return;
    this.#interruption = error;
    this.#rejoining = undefined;
    for (const topic of this.#topics.values()) topic.interrupt();
    this.#observer.interrupted(error);
  }

  #restored(): void {
    if (!this.isInterrupted || this.#isClosed) return;
    this.#interruption = undefined;
    // Join first, so that this server receives what it publishes.
    if (this.broker.hasHistory) this.#rejoinSomeAtATime();
    else for (const [name, topic] of this.#topics) this.#rejoin(name, topic);
    for (const { topic, data, resolve } of this.#takeQueue()) resolve(this.publish(topic, data));
    this.#observer.restored();
  }

  /** With a history, joining a topic takes several requests. */
  #rejoinSomeAtATime(): void {
    for (const topic of this.#topics.values()) topic.wait();
    // An iterator of a map leaves out what is deleted in the meantime.
    const topics = (this.#rejoining = this.#topics.entries());
    for (let count = 0; count < MOST_REJOINING; count++) void this.#rejoinInTurn(topics);
    for (const [name, topic] of this.#topics) this.#holdMessages(name, topic);
  }

  /** Joins topics one after the other, until there is an interruption, or no topic is left. */
  async #rejoinInTurn(topics: Iterable<[string, WaitingTopic]>): Promise<void> {
    for (const [name, topic] of topics) {
      if (this.#rejoining !== topics) return;
      // A topic that is new has already joined.
      if (!topic.isWaiting) continue;
      this.#rejoin(name, topic);
      await topic.joined.catch(ignore);
    }
  }

  /** Joins after an interruption. The engine may refuse that, for example because of its permissions, and the subscribers stay. */
  #rejoin(name: string, topic: WaitingTopic): void {
    topic.join();
    const { joined } = topic;
    const retry = (): void => {
      const isCurrent = this.#topics.get(name) === topic && topic.joined === joined;
      if (!isCurrent || this.isInterrupted) return;
      this.#rejoin(name, topic);
      this.#holdMessages(name, topic);
    };
    joined.catch((error: unknown) => {
      // After an error of the connection, an interruption follows.
      if (!(error instanceof BrokerError)) setWatch(REJOIN_DELAY, retry, undefined);
    });
  }

  /** Lets messages of a topic wait until it has joined, if the engine could handle them before the subscription. */
  #holdMessages(name: string, topic: WaitingTopic): void {
    if (!this.broker.hasHistory || (topic.position !== undefined && !topic.isWaiting)) return;
    // After an earlier one of the same name, so that messages stay in order.
    const joining = Promise.allSettled([this.#joining.get(name), topic.joined]);
    this.#joining.set(name, joining);
    // The first callback of the promise: when messages that waited continue, others do not overtake them.
    void joining.then(() => {
      if (this.#joining.get(name) === joining) this.#joining.delete(name);
    });
  }

  #takeQueue(): Queued[] {
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    return queue;
  }
}

/** The broker reports the interruption itself. */
function ignore(): void {}
