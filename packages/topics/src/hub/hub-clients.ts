// The clients of a hub in one of its workers: their subscriptions, and what they have not read.
import type { Worker as ClusterWorker } from 'node:cluster';
import type { ChildProcess } from 'node:child_process';
import type { MessagePort, Worker as Thread } from 'node:worker_threads';
import type { HistoryMessage, Position } from '../broker.ts';
import type { TopicHub } from './hub.ts';
import type { HubSubscriber } from './hub-topic.ts';
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

/** A worker of `node:cluster`, a forked process, a thread, or the port of a channel. */
export type HubWorker = ClusterWorker | ChildProcess | Thread | MessagePort;

/** About how many bytes a message takes in addition to its data and the name of its topic. */
const OVERHEAD = 100;

/** How many bytes of messages an answer has at most, unless its first message has more. Both ends handle an answer in one turn. */
const MOST_IN_ANSWER = 128 * 1024;

/** Into how many parts marks divide what a client may leave unread. With more marks, the hub learns earlier what a client has read. */
const MARKS = 8;

/** The clients in a worker of the hub. Each call of `connectToHub()` makes one. */
export class HubClients {
  readonly #hub: TopicHub;
  readonly #worker: HubWorker;
  readonly #maxUnread: number;
  readonly #ports = new Map<string | undefined, HubPort>();

  /** @param maxUnread how many bytes of messages each client may leave unread */
  constructor(hub: TopicHub, worker: HubWorker, maxUnread: number) {
    this.#hub = hub;
    this.#worker = worker;
    this.#maxUnread = maxUnread;
    // For the clients that have already greeted.
    this.#portOf(undefined).greet();
  }

  take(message: unknown): void {
    const batch = unwrap(message);
    if (batch === undefined) return;
    const { client } = batch;
    const messages = batch.messages as readonly Request[];
    // A client that has left may still report what it has read.
    if (!this.#ports.has(client) && messages.every(([kind]) => kind === 'read')) return;
    const port = this.#ports.get(client) ?? this.#portOf(client);
    this.#ports.set(client, port);
    for (const request of messages) {
      port.answer(request);
      if (request[0] === 'goodbye') this.#ports.delete(client);
    }
  }

  leave(): void {
    for (const port of this.#ports.values()) port.leave();
    this.#ports.clear();
  }

  #portOf(client: string | undefined): HubPort {
    return new HubPort(this.#hub, this.#worker, client, this.#maxUnread);
  }
}

/** A client of the hub. */
class HubPort implements HubSubscriber {
  readonly #hub: TopicHub;
  readonly #worker: HubWorker;
  readonly #sender: Sender<Reply>;
  readonly #topics = new Set<string>();
  /** The bytes of messages that the client has been sent, those before the last mark, and those before the last mark that it has read. */
  #sent = 0;
  #marked = 0;
  #read = 0;
  readonly #maxUnread: number;
  /** Whether it receives no messages, and its requests are ignored, until it begins another session. */
  #isInterrupted = false;

  constructor(hub: TopicHub, worker: HubWorker, client: string | undefined, maxUnread: number) {
    this.#hub = hub;
    this.#worker = worker;
    this.#maxUnread = maxUnread;
    this.#sender = new Sender(client, (message) => sendTo(worker, message));
  }

  greet(session?: number): void {
    this.#sender.send(['hello', { hasHistory: this.#hub.hasHistory, session }]);
  }

  answer(request: Request): void {
    switch (request[0]) {
      case 'hello':
        this.leave();
        this.#isInterrupted = false;
        this.greet(request[1]);
        break;
      case 'goodbye':
        this.leave();
        break;
      case 'read':
        this.#read = request[1];
        break;
      default:
        // The client does not know yet that it is interrupted. When it does, it rejects these requests itself.
        if (!this.#isInterrupted) this.#answer(request);
    }
  }

  /** Sends a message, unless the messages before it exceed the limit. */
  deliver(topic: string, data: Uint8Array, position: Position | undefined): void {
    if (this.#sent - this.#read > this.#maxUnread) {
      this.#interrupt();
      return;
    }
    this.#sender.send(['message', topic, this.#bytes(data), position ?? null]);
    // Answers do not count: a client requests one history at a time, and the other answers are short.
    this.#sent += data.length + topic.length + OVERHEAD;
    if (this.#sent - this.#marked > this.#maxUnread / MARKS) this.#mark();
  }

  /** Ends the subscriptions of the client. */
  leave(): void {
    for (const topic of this.#topics) this.#hub.unsubscribe(topic, this);
    this.#topics.clear();
  }

  #answer(request: Exclude<Request, readonly ['hello' | 'goodbye' | 'read', ...unknown[]]>): void {
    const [kind, id, topic] = request;
    switch (kind) {
      case 'ping':
        this.#sender.send(['position', id, null]);
        break;
      case 'publish':
        this.#sender.send(['position', id, this.#hub.publish(topic, toBytes(request[3])) ?? null]);
        break;
      case 'subscribe':
        this.#topics.add(topic);
        this.#sender.send(['position', id, this.#hub.subscribe(topic, this) ?? null]);
        break;
      case 'unsubscribe':
        this.#topics.delete(topic);
        this.#hub.unsubscribe(topic, this);
        this.#sender.send(['position', id, null]);
        break;
      case 'history': {
        const { position, messages } = this.#hub.history(topic, request[3]);
        const part = messages && startOf(messages);
        const found = part?.map(({ offset, data }) => [offset, this.#bytes(data)] as const) ?? null;
        this.#sender.send(['history', id, position, found]);
        break;
      }
    }
  }

  #mark(): void {
    this.#marked = this.#sent;
    this.#sender.send(['mark', this.#sent]);
  }

  #interrupt(): void {
    this.leave();
    this.#isInterrupted = true;
    // The client confirms this mark before it begins another session.
    this.#mark();
    this.#sender.send(['interrupted']);
  }

  #bytes(data: Uint8Array): Bytes {
    return 'postMessage' in this.#worker ? copyOf(data) : toBase64(data);
  }
}

/** Returns the first of these messages, within the limit of an answer. */
function startOf(messages: readonly HistoryMessage[]): readonly HistoryMessage[] {
  let bytes = 0;
  const end = messages.findIndex(({ data }, index) => {
    bytes += data.length + OVERHEAD;
    return bytes > MOST_IN_ANSWER && index > 0;
  });
  return end === -1 ? messages : messages.slice(0, end);
}

function sendTo(worker: HubWorker, message: object): void {
  if ('postMessage' in worker) worker.postMessage(message);
  else {
    const isConnected = 'connected' in worker ? worker.connected : worker.isConnected();
    // If the worker is about to end, `exit` follows.
    if (isConnected) worker.send(message, ignore);
  }
}

function ignore(): void {}
