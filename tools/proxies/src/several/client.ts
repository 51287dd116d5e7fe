// A client of several servers. It reconnects and recovers when necessary, and records confirmations and messages.
import { setTimeout as delay } from 'node:timers/promises';
import type { Position } from '@framewire/topics';
import { WebSocket } from 'framewire';
import { WAYS, type Reply, type Request, type TopicMessage, type Way } from './protocol.ts';

/** The delay before another attempt, in ms. */
const RETRY_DELAY = 20;

/** A topic that a client has subscribed to. */
export interface Followed {
  readonly way: Way;
  readonly topic: string;
  /** The connection that has the subscription. */
  on: WebSocket | undefined;
  position: Position | undefined;
  /** The numbers of the received messages, by publisher, and the publishers whose last message has arrived. */
  readonly received: Map<number, number[]>;
  readonly ended: Set<number>;
}

/** A topic that a client publishes to. */
export interface Published {
  readonly way: Way;
  readonly topic: string;
  /** The number of the newest message. */
  number: number;
  /** The numbers of the messages that the server has confirmed. */
  readonly confirmed: number[];
}

export class Client {
  readonly followed = new Map<string, Followed>();
  readonly published: Published[] = [];
  readonly troubles: string[] = [];
  connections = 0;
  readonly #name: number;
  readonly #url: string;
  readonly #changed: () => void;
  readonly #replies = new Map<number, (reply: Reply | undefined) => void>();
  #ws: WebSocket | undefined = undefined;
  #asked = 0;
  #isClosed = false;

  /** @param changed called when a subscription has started, a message has arrived, or a publication is settled */
  constructor(name: number, url: string, changed: () => void) {
    this.#name = name;
    this.#url = url;
    this.#changed = changed;
  }

  follow(way: Way, topic: string): void {
    const followed = { way, topic, on: undefined, position: undefined };
    this.followed.set(way + topic, { ...followed, received: new Map(), ended: new Set() });
  }

  /** Whether the current connection is open, and has all subscriptions. */
  get isReady(): boolean {
    const isOpen = this.#ws?.readyState === WebSocket.OPEN;
    return isOpen && [...this.followed.values()].every(({ on }) => on === this.#ws);
  }

  connect(): void {
    if (this.#isClosed) return;
    const ws = new WebSocket(this.#url);
    this.#ws = ws;
    // Expected after a server was killed, and until the proxy notices it.
    ws.on('error', () => {});
    ws.on('open', () => {
      this.connections++;
      for (const followed of this.followed.values()) void this.#subscribe(ws, followed);
    });
    ws.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Reply | TopicMessage;
      if ('id' in message) this.#settle(message.id, message);
      else this.#receive(message);
      this.#changed();
    });
    ws.on('close', () => {
      for (const id of [...this.#replies.keys()]) this.#settle(id, undefined);
      setTimeout(() => this.connect(), RETRY_DELAY);
      this.#changed();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#ws?.terminate();
  }

  /** Publishes the next message. Resolves to whether the server has confirmed it. */
  async publish(to: Published, isEnd = false): Promise<boolean> {
    while (this.#ws?.readyState !== WebSocket.OPEN) await delay(RETRY_DELAY);
    const number = ++to.number;
    const { way, topic } = to;
    const reply = await this.#ask(this.#ws, { publish: { way, topic, from: this.#name, number, isEnd } });
    const isConfirmed = reply !== undefined && reply.error === undefined;
    if (isConfirmed) to.confirmed.push(number);
    else if (reply !== undefined) this.#checkError(reply);
    return isConfirmed;
  }

  async #subscribe(ws: WebSocket, followed: Followed): Promise<void> {
    const { way, topic, position: since } = followed;
    const reply = await this.#ask(ws, { subscribe: topic, way, since });
    // The next connection subscribes again.
    if (reply === undefined) return;
    if (reply.error !== undefined) {
      this.#checkError(reply);
      await delay(RETRY_DELAY);
      if (ws.readyState === WebSocket.OPEN) await this.#subscribe(ws, followed);
      return;
    }
    if (since !== undefined && reply.recovered !== true) {
      this.troubles.push(`${this.#name} has not recovered ${way} ${topic}`);
    }
    followed.position ??= reply.position;
    followed.on = ws;
    this.#changed();
  }

  #receive({ way, topic, from, number, isEnd, epoch, offset }: TopicMessage): void {
    const followed = this.followed.get(way + topic);
    if (followed === undefined) {
      this.troubles.push(`${this.#name} has not subscribed to ${way} ${topic}`);
      return;
    }
    if (WAYS[way].hasHistory) this.#advance(followed, { epoch: epoch ?? '', offset: offset ?? 0 });
    const received = followed.received.get(from);
    if (received === undefined) followed.received.set(from, [number]);
    else received.push(number);
    if (isEnd) followed.ended.add(from);
  }

  #advance(followed: Followed, position: Position): void {
    const { way, topic, position: last } = followed;
    if (last !== undefined && (position.epoch !== last.epoch || position.offset <= last.offset)) {
      const [before, after] = [last, position].map((each) => JSON.stringify(each));
      this.troubles.push(`${this.#name} has received ${after} of ${way} ${topic} after ${before}`);
    }
    followed.position = position;
  }

  /** Sends a request. Resolves with the reply, or with undefined if the connection ends first. */
  #ask(ws: WebSocket, request: Request): Promise<Reply | undefined> {
    if (ws.readyState !== WebSocket.OPEN) return Promise.resolve(undefined);
    const id = ++this.#asked;
    ws.send(JSON.stringify({ id, ...request }));
    return new Promise((resolve) => this.#replies.set(id, resolve));
  }

  #settle(id: number, reply: Reply | undefined): void {
    this.#replies.get(id)?.(reply);
    this.#replies.delete(id);
  }

  #checkError({ error = '' }: Reply): void {
    if (error !== 'WS_ERR_BROKER_UNREACHABLE') this.troubles.push(`${this.#name}: ${error}`);
  }
}
