// A broker that connects to the hub in the primary process, or in the main thread.
import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { parentPort, type MessagePort } from 'node:worker_threads';
import { clearDeadline, setDeadline } from '@framewire/connection';
import {
  BrokerError,
  type Broker,
  type BrokerListener,
  type History,
  type HistoryMessage,
  type Position,
} from '../broker.ts';
import { heartbeat } from '../engine/heartbeat.ts';
import { timeLimit } from '../engine/time-limit.ts';
import { copyOf, Sender, toBase64, toBytes, unwrap, type Reply, type Request } from './protocol.ts';

/** How long the hub may take to answer by default, in ms. */
const PATIENCE = 10_000;

const FIRST_SESSION = 0;

const CHANNEL_CLOSED = 'The channel to the hub has closed';

/** The channel to the hub. */
interface Line {
  send(message: object): void;
  /** Whether bytes can be sent as they are. */
  readonly takesBytes: boolean;
  onMessage(listener: (message: unknown) => void): void;
  onEnd(listener: () => void): void;
  /** Removes the listeners, so that the line does not keep the process alive. */
  release(): void;
}

/** Options of {@link connectToHub}. */
export interface ConnectToHubOptions {
  /** How long the hub may take to answer before it counts as unreachable, in ms. Pings are sent at the same interval. Default 10000. */
  readonly timeout?: number | undefined;
  /** The port of a channel whose other port was added to the hub. Default: the channel to the parent. */
  readonly port?: MessagePort | undefined;
}

/**
 * Connects a worker of `node:cluster`, a thread or a forked process to the {@link TopicHub} of its parent. The parent must also pass the
 * worker to `add()` of the hub, before or after this call.
 *
 * Rejects with a {@link BrokerError} if there is no parent, or if no hub answers in time. Rejects with a `RangeError` for a timeout that is
 * not above 0.
 *
 * @example
 * ```ts
 * const topics = new Topics({ broker: await connectToHub() });
 * ```
 */
export async function connectToHub({ timeout, port }: ConnectToHubOptions = {}): Promise<Broker> {
  const patience = timeLimit(timeout, PATIENCE);
  const line = port === undefined ? lineToParent() : lineOfPort(port);
  if (line === undefined) throw unreachable('This process has no parent: pass the option `port`');
  return new Promise((resolve, reject) => {
    const id = randomUUID();
    const sender = new Sender<Request>(id, (message) => line.send(message));
    const fail = (reason: string): void => {
      leave(sender, line);
      reject(unreachable(reason));
    };
    const expire = (): void => {
      fail(`No hub has answered for ${patience} ms: the parent must pass this worker to add() of the hub`);
    };
    const timer = setDeadline(patience, expire, undefined);
    let client: HubClient | undefined;
    line.onMessage((message) => {
      const batch = unwrap(message);
      if (batch === undefined || (batch.client !== undefined && batch.client !== id)) return;
      for (const reply of batch.messages as readonly Reply[]) {
        if (client !== undefined) client.take(reply);
        else if (reply[0] === 'hello') {
          clearDeadline(timer);
          client = new HubClient(line, sender, reply[1].hasHistory, patience);
          resolve(client);
        }
      }
    });
    line.onEnd(() => {
      clearDeadline(timer);
      if (client === undefined) fail(CHANNEL_CLOSED);
      else client.lose(new Error(CHANNEL_CLOSED));
    });
    // Whichever end listens last, it receives this greeting or the one of `add()`.
    sender.send(['hello', FIRST_SESSION]);
  });
}

function unreachable(reason: string): BrokerError {
  return new BrokerError('WS_ERR_BROKER_UNREACHABLE', new Error(reason));
}

/** Ends a client, at its hub too. */
function leave(sender: Sender<Request>, line: Line): void {
  sender.send(['goodbye']);
  sender.flush();
  line.release();
}

function lineToParent(): Line | undefined {
  if (parentPort !== null) return lineOfPort(parentPort);
  return process.connected ? lineOfProcess() : undefined;
}

function lineOfPort(port: MessagePort): Line {
  let listeners: [string, (argument: unknown) => void][] = [];
  const on = (event: string, listener: (argument: unknown) => void): void => {
    listeners.push([event, listener]);
    port.on(event, listener);
  };
  return {
    takesBytes: true,
    send: (message) => port.postMessage(message),
    onMessage: (listener) => on('message', listener),
    onEnd: (listener) => on('close', listener),
    release() {
      for (const [event, listener] of listeners) port.off(event, listener);
      listeners = [];
    },
  };
}

function lineOfProcess(): Line {
  let message: ((message: unknown) => void) | undefined;
  let ended: (() => void) | undefined;
  return {
    takesBytes: false,
    // If the channel has closed, `disconnect` reports it.
    send(it) {
      if (process.connected) process.send?.(it, ignore);
    },
    onMessage(listener) {
      message = listener;
      process.on('message', listener);
    },
    onEnd(listener) {
      ended = listener;
      process.on('disconnect', listener);
    },
    release() {
      if (message !== undefined) process.off('message', message);
      if (ended !== undefined) process.off('disconnect', ended);
    },
  };
}

/** A request that waits for its answer. */
interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

class HubClient implements Broker {
  readonly hasHistory: boolean;
  readonly #line: Line;
  readonly #sender: Sender<Request>;
  readonly #timeout: number;
  readonly #pending = new Map<number, Pending>();
  /** Settles when the histories that were requested before have arrived. */
  #histories: Promise<void> = Promise.resolve();
  #listener: BrokerListener | undefined = undefined;
  #requests = 0;
  /** An interruption ends a session. Answers and messages are then ignored until the hub has begun the next one. */
  #session = FIRST_SESSION;
  /** Why requests fail. Undefined while the hub can be reached. */
  #failure: BrokerError | undefined = undefined;
  #endHeartbeat: () => void;

  constructor(line: Line, sender: Sender<Request>, hasHistory: boolean, timeout: number) {
    this.#line = line;
    this.#sender = sender;
    this.hasHistory = hasHistory;
    this.#timeout = timeout;
    this.#endHeartbeat = this.#beat();
  }

  listen(listener: BrokerListener): void {
    this.#listener = listener;
    if (this.#failure !== undefined) listener.interrupted(this.#failure);
  }

  publish(topic: string, data: Uint8Array): Promise<Position | undefined> {
    const bytes = this.#line.takesBytes ? copyOf(data) : toBase64(data);
    return this.#ask((id) => ['publish', id, topic, bytes]);
  }

  subscribe(topic: string): Promise<Position | undefined> {
    return this.#ask((id) => ['subscribe', id, topic]);
  }

  async unsubscribe(topic: string): Promise<void> {
    await this.#ask((id) => ['unsubscribe', id, topic]);
  }

  /** One history at a time, so that many clients that recover do not make the hub hold as many answers. */
  history(topic: string, since: Position): Promise<History> {
    const history = this.#histories.then(() => this.#readHistory(topic, since));
    this.#histories = history.then(ignore, ignore);
    return history;
  }

  async #readHistory(topic: string, since: Position): Promise<History> {
    const all: HistoryMessage[] = [];
    // That of the first answer: a topic may get messages faster than answers arrive.
    let end: number | undefined;
    for (let { offset } = since; ;) {
      const from = { ...since, offset };
      const { position, messages } = await this.#ask<History>((id) => ['history', id, topic, from]);
      if (messages === undefined) return { position, messages };
      end ??= position.offset;
      for (const message of messages) all.push(message);
      offset = all.at(-1)?.offset ?? end;
      if (offset >= end) return { position: { ...position, offset }, messages: all };
    }
  }

  close(): Promise<void> {
    leave(this.#sender, this.#line);
    this.#fail(new BrokerError('WS_ERR_BROKER_CLOSED'));
    return Promise.resolve();
  }

  take(reply: Reply): void {
    switch (reply[0]) {
      case 'hello':
        if (this.#failure !== undefined && reply[1].session === this.#session) this.#restore();
        break;
      case 'mark':
        this.#sender.send(['read', reply[1]]);
        break;
      case 'interrupted':
        this.lose(new Error('This worker has left more messages unread than the hub allows'));
        break;
      case 'message':
        if (this.#failure === undefined) {
          this.#listener?.message(reply[1], toBytes(reply[2]), reply[3] ?? undefined);
        }
        break;
      case 'position':
        this.#settle(reply[1], reply[2] ?? undefined);
        break;
      case 'history': {
        const messages = reply[3]?.map(([offset, bytes]) => ({ offset, data: toBytes(bytes) }));
        this.#settle(reply[1], { position: reply[2], messages });
        break;
      }
    }
  }

  /** Reports an interruption, and asks for another session. The hub answers once it can, after what it was sent before. */
  lose(cause: Error): void {
    if (this.#failure !== undefined) return;
    const failure = new BrokerError('WS_ERR_BROKER_UNREACHABLE', cause);
    this.#fail(failure);
    this.#sender.send(['hello', ++this.#session]);
    this.#listener?.interrupted(failure);
  }

  #restore(): void {
    this.#failure = undefined;
    this.#endHeartbeat = this.#beat();
    this.#listener?.restored();
  }

  #beat(): () => void {
    return heartbeat(
      this.#timeout,
      () => this.#ask((id) => ['ping', id]),
      (error) => this.lose(error),
    );
  }

  #fail(failure: BrokerError): void {
    this.#failure = failure;
    this.#endHeartbeat();
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(new BrokerError(failure.code, failure.cause));
  }

  #ask<T>(request: (id: number) => Request): Promise<T> {
    const failure = this.#failure;
    if (failure !== undefined) return Promise.reject(new BrokerError(failure.code, failure.cause));
    const id = ++this.#requests;
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#sender.send(request(id));
    });
  }

  #settle(id: number, result: unknown): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.resolve(result as never);
  }
}

function ignore(): void {}
