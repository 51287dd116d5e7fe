// A broker that connects to the hub in the primary process, or in the main thread.
import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { parentPort, type MessagePort } from 'node:worker_threads';
import { clearDeadline, setDeadline } from '@framewire/connection';
import {
  BrokerError,
  type Broker,
  type BrokerErrorCode,
  type BrokerListener,
  type History,
  type Position,
} from '../broker.ts';
import { copyOf, Sender, toBase64, toBytes, unwrap, type Reply, type Request } from './protocol.ts';

/** How long the hub may take to answer for the first time, in ms. */
const PATIENCE = 10_000;

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
  /** How long the hub may take to answer, in ms. Default 10000. */
  readonly timeout?: number | undefined;
  /** The port of a channel whose other port was added to the hub. Default: the channel to the parent. */
  readonly port?: MessagePort | undefined;
}

/**
 * Connects a worker of `node:cluster`, a thread or a forked process to the {@link TopicHub} of its parent. The parent must also pass the
 * worker to `add()` of the hub, before or after this call.
 *
 * Rejects with a {@link BrokerError} if there is no parent, or if no hub answers in time.
 *
 * @example
 * ```ts
 * const topics = new Topics({ broker: await connectToHub() });
 * ```
 */
export function connectToHub({ timeout = PATIENCE, port }: ConnectToHubOptions = {}): Promise<Broker> {
  const line = port === undefined ? lineToParent() : lineOfPort(port);
  if (line === undefined) return Promise.reject(new BrokerError('WS_ERR_BROKER_UNREACHABLE'));
  return new Promise((resolve, reject) => {
    const fail = (): void => {
      line.release();
      reject(new BrokerError('WS_ERR_BROKER_UNREACHABLE'));
    };
    const timer = setDeadline(timeout, fail, undefined);
    const id = randomUUID();
    const sender = new Sender<Request>(id, (message) => line.send(message));
    let client: HubClient | undefined;
    line.onMessage((message) => {
      const batch = unwrap(message);
      if (batch === undefined || (batch.client !== undefined && batch.client !== id)) return;
      for (const reply of batch.messages as readonly Reply[]) {
        if (client !== undefined) client.take(reply);
        else if (reply[0] === 'hello') {
          clearDeadline(timer);
          client = new HubClient(line, sender, reply[1].hasHistory);
          resolve(client);
        }
      }
    });
    line.onEnd(() => {
      clearDeadline(timer);
      if (client === undefined) fail();
      else client.lose();
    });
    // Whichever end listens last, it receives this greeting or the one of `add()`.
    sender.send(['hello']);
  });
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
  readonly #pending = new Map<number, Pending>();
  #listener: BrokerListener | undefined = undefined;
  #requests = 0;
  /** Why requests fail. Undefined while the hub can be reached. */
  #end: BrokerErrorCode | undefined = undefined;

  constructor(line: Line, sender: Sender<Request>, hasHistory: boolean) {
    this.#line = line;
    this.#sender = sender;
    this.hasHistory = hasHistory;
  }

  listen(listener: BrokerListener): void {
    this.#listener = listener;
    if (this.#end !== undefined) listener.interrupted(new BrokerError(this.#end));
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

  history(topic: string, since: Position): Promise<History> {
    return this.#ask((id) => ['history', id, topic, since]);
  }

  close(): Promise<void> {
    this.#sender.send(['goodbye']);
    this.#sender.flush();
    this.#line.release();
    this.#endWith('WS_ERR_BROKER_CLOSED');
    return Promise.resolve();
  }

  take(reply: Reply): void {
    switch (reply[0]) {
      case 'hello':
        break;
      case 'message':
        this.#listener?.message(reply[1], toBytes(reply[2]), reply[3] ?? undefined);
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

  /** Reports that the hub is gone. It does not come back. */
  lose(): void {
    if (this.#end !== undefined) return;
    this.#endWith('WS_ERR_BROKER_UNREACHABLE');
    this.#listener?.interrupted(new BrokerError('WS_ERR_BROKER_UNREACHABLE'));
  }

  #endWith(code: BrokerErrorCode): void {
    this.#end ??= code;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(new BrokerError(code));
  }

  #ask<T>(request: (id: number) => Request): Promise<T> {
    if (this.#end !== undefined) return Promise.reject(new BrokerError(this.#end));
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
