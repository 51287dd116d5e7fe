// The hub of several processes or threads: it passes on what each of them publishes.
import type { Worker as ClusterWorker } from 'node:cluster';
import type { ChildProcess } from 'node:child_process';
import { nextTick } from 'node:process';
import type { MessagePort, Worker as Thread } from 'node:worker_threads';
import { BrokerError, type Broker, type BrokerListener, type History, type Position } from '../broker.ts';
import { historyLimits, type HistoryLimits, type HistoryOption } from '../engine/history-limits.ts';
import { HubTopic, type HubSubscriber } from './hub-topic.ts';
import {
  copyOf,
  Sender,
  toBase64,
  toBytes,
  unwrap,
  type Bytes,
  type Reply,
  type Request,
} from './protocol.ts';

/** The options of a {@link TopicHub}. */
export interface TopicHubOptions {
  /**
   * What is kept of each topic, so that clients can recover. `true` keeps 1000 messages, for 5 minutes after the last one. A topic
   * without subscribers is forgotten after that time, and begins a new epoch. Default: nothing is kept, and messages have no positions.
   */
  readonly history?: HistoryOption;
}

/** A worker of `node:cluster`, a forked process, a thread, or the port of a channel. */
export type HubWorker = ClusterWorker | ChildProcess | Thread | MessagePort;

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
  readonly #topics = new Map<string, HubTopic>();
  readonly #workers = new WeakSet<HubWorker>();

  /** @throws `RangeError` for limits that are not above 0 */
  constructor({ history }: TopicHubOptions = {}) {
    this.#limits = historyLimits(history);
  }

  get hasHistory(): boolean {
    return this.#limits !== undefined;
  }

  /** Serves a worker until it ends. Adding it again has no effect. */
  add(worker: HubWorker): void {
    if (this.#workers.has(worker)) return;
    this.#workers.add(worker);
    const clients = new HubClients(this, worker);
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

/** The clients in a worker of the hub. Each call of `connectToHub()` makes one. */
class HubClients {
  readonly #hub: TopicHub;
  readonly #worker: HubWorker;
  readonly #ports = new Map<string | undefined, HubPort>();

  constructor(hub: TopicHub, worker: HubWorker) {
    this.#hub = hub;
    this.#worker = worker;
    // For the clients that have already greeted.
    new HubPort(hub, worker, undefined).greet();
  }

  take(message: unknown): void {
    const batch = unwrap(message);
    if (batch === undefined) return;
    const { client, messages } = batch;
    const port = this.#ports.get(client) ?? new HubPort(this.#hub, this.#worker, client);
    this.#ports.set(client, port);
    for (const request of messages as readonly Request[]) {
      port.answer(request);
      if (request[0] === 'goodbye') this.#ports.delete(client);
    }
  }

  leave(): void {
    for (const port of this.#ports.values()) port.leave();
    this.#ports.clear();
  }
}

/** A client of the hub. */
class HubPort implements HubSubscriber {
  readonly #hub: TopicHub;
  readonly #worker: HubWorker;
  readonly #sender: Sender<Reply>;
  readonly #topics = new Set<string>();

  constructor(hub: TopicHub, worker: HubWorker, client: string | undefined) {
    this.#hub = hub;
    this.#worker = worker;
    this.#sender = new Sender(client, (message) => sendTo(worker, message));
  }

  greet(): void {
    this.#send(['hello', { hasHistory: this.#hub.hasHistory }]);
  }

  answer(request: Request): void {
    const [kind, id, topic] = request;
    switch (kind) {
      case 'hello':
        this.greet();
        break;
      case 'goodbye':
        this.leave();
        break;
      case 'publish':
        this.#send(['position', id, this.#hub.publish(topic, toBytes(request[3])) ?? null]);
        break;
      case 'subscribe':
        this.#topics.add(topic);
        this.#send(['position', id, this.#hub.subscribe(topic, this) ?? null]);
        break;
      case 'unsubscribe':
        this.#topics.delete(topic);
        this.#hub.unsubscribe(topic, this);
        this.#send(['position', id, null]);
        break;
      case 'history': {
        const { position, messages } = this.#hub.history(topic, request[3]);
        const found = messages?.map(({ offset, data }) => [offset, this.#bytes(data)] as const) ?? null;
        this.#send(['history', id, position, found]);
        break;
      }
    }
  }

  deliver(topic: string, data: Uint8Array, position: Position | undefined): void {
    this.#send(['message', topic, this.#bytes(data), position ?? null]);
  }

  /** Ends the subscriptions of the client. */
  leave(): void {
    for (const topic of this.#topics) this.#hub.unsubscribe(topic, this);
    this.#topics.clear();
  }

  #bytes(data: Uint8Array): Bytes {
    return 'postMessage' in this.#worker ? copyOf(data) : toBase64(data);
  }

  #send(reply: Reply): void {
    this.#sender.send(reply);
  }
}

function sendTo(worker: HubWorker, message: object): void {
  if ('postMessage' in worker) worker.postMessage(message);
  else {
    const isConnected = 'connected' in worker ? worker.connected : worker.isConnected();
    // If the worker is about to end, `exit` follows.
    if (isConnected) worker.send(message, ignore);
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

function ignore(): void {}
