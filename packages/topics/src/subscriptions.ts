// The connections of each topic and the topics of each connection. With both, subscribing and leaving take constant time.
import type { Backlog } from './backlog.ts';
import type { Connection } from './connection.ts';

/** A connection that has subscribed to at least one topic. */
export class Subscriber {
  readonly connection: Connection;
  /** Its topics, each with the index of this subscriber in {@link Topic.subscribers}. */
  readonly places = new Map<Topic, number>();
  /** The messages that wait until the connection drains, if there are any. */
  backlog: Backlog | undefined = undefined;
  /** The topics that it is recovering, each with an object that stands for the attempt. */
  recoveries: Map<Topic, object> | undefined = undefined;

  constructor(connection: Connection) {
    this.connection = connection;
  }
}

/** A topic that has at least one subscriber. */
export class Topic {
  readonly name: string;
  /** In no particular order, and dense, because publishing goes through all of them. */
  subscribers: Subscriber[];
  /** Whether a loop is going through the array. A change then copies the array, so that the loop visits each subscriber once. */
  private isInLoop = false;

  constructor(name: string, first: Subscriber) {
    this.name = name;
    this.subscribers = [first];
    first.places.set(this, 0);
  }

  add(subscriber: Subscriber): void {
    this.detachLoop();
    subscriber.places.set(this, this.subscribers.push(subscriber) - 1);
  }

  /** Removes a subscriber. The last one takes its place. */
  remove(subscriber: Subscriber): void {
    const place = subscriber.places.get(this);
    if (place === undefined) return;
    this.detachLoop();
    const last = this.subscribers.pop() as Subscriber;
    if (last !== subscriber) {
      this.subscribers[place] = last;
      last.places.set(this, place);
    }
    subscriber.places.delete(this);
  }

  /** Calls `visit` for each current subscriber. It skips those that leave during the loop, and does not visit new ones. */
  forEach(visit: (subscriber: Subscriber) => void): void {
    const { subscribers, isInLoop } = this;
    this.isInLoop = true;
    try {
      for (let index = 0; index < subscribers.length; index++) {
        const subscriber = subscribers[index] as Subscriber;
        if (this.subscribers === subscribers || subscriber.places.has(this)) visit(subscriber);
      }
    } finally {
      if (this.subscribers === subscribers) this.isInLoop = isInLoop;
    }
  }

  private detachLoop(): void {
    if (!this.isInLoop) return;
    this.subscribers = this.subscribers.slice();
    this.isInLoop = false;
  }
}

/** All subscriptions of a process. What has no subscription takes no memory. */
export class Subscriptions {
  readonly #topics = new Map<string, Topic>();
  readonly #subscribers = new Map<Connection, Subscriber>();
  /** The listener of `close` of all connections: one function, which finds the connection in `this`. */
  readonly #leave: (this: Connection) => void;
  readonly #onEmpty: (topic: string) => void;

  /** @param onEmpty called when the last subscriber has left a topic */
  constructor(onEmpty: (topic: string) => void) {
    this.#onEmpty = onEmpty;
    const leaveAll = (connection: Connection): void => {
      this.removeAll(connection);
    };
    this.#leave = function () {
      leaveAll(this);
    };
  }

  /** Returns false if the connection has already subscribed to the topic. */
  add(connection: Connection, name: string): boolean {
    let subscriber = this.#subscribers.get(connection);
    const topic = this.#topics.get(name);
    if (topic !== undefined && subscriber?.places.has(topic) === true) return false;
    if (subscriber === undefined) {
      subscriber = new Subscriber(connection);
      this.#subscribers.set(connection, subscriber);
      connection.on('close', this.#leave);
    }
    if (topic === undefined) this.#topics.set(name, new Topic(name, subscriber));
    else topic.add(subscriber);
    return true;
  }

  /** Returns false if the connection has not subscribed to the topic. */
  remove(connection: Connection, name: string): boolean {
    const subscriber = this.#subscribers.get(connection);
    const topic = this.#topics.get(name);
    if (topic === undefined || subscriber?.places.has(topic) !== true) return false;
    this.removeFrom(topic, subscriber);
    if (subscriber.places.size === 0) this.forget(subscriber);
    return true;
  }

  /** Removes all subscriptions of a connection. */
  removeAll(connection: Connection): void {
    const subscriber = this.#subscribers.get(connection);
    if (subscriber === undefined) return;
    for (const topic of [...subscriber.places.keys()]) this.removeFrom(topic, subscriber);
    this.forget(subscriber);
  }

  has(connection: Connection, name: string): boolean {
    const topic = this.#topics.get(name);
    return topic !== undefined && this.#subscribers.get(connection)?.places.has(topic) === true;
  }

  topicsOf(connection: Connection): string[] {
    const subscriber = this.#subscribers.get(connection);
    return subscriber === undefined ? [] : Array.from(subscriber.places.keys(), ({ name }) => name);
  }

  /** Returns a connection with its subscriptions. Undefined if it has none. */
  subscriberOf(connection: Connection): Subscriber | undefined {
    return this.#subscribers.get(connection);
  }

  /** Removes all subscriptions. */
  clear(): void {
    for (const connection of [...this.#subscribers.keys()]) this.removeAll(connection);
  }

  /** Returns undefined for a topic without subscribers. */
  find(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  private removeFrom(topic: Topic, subscriber: Subscriber): void {
    topic.remove(subscriber);
    subscriber.backlog?.forget(topic);
    subscriber.recoveries?.delete(topic);
    if (topic.subscribers.length > 0) return;
    this.#topics.delete(topic.name);
    this.#onEmpty(topic.name);
  }

  private forget(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber.connection);
    subscriber.connection.off('close', this.#leave);
  }
}
