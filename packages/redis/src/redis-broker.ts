// A broker of topics on Redis: with pub/sub, and with streams for a history.
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { Broker, BrokerListener, History, HistoryMessage, Position } from '@framewire/topics';
import { Sessions, type EngineSession } from '@framewire/topics/engine';
import { endingOf, topicOf } from './names.ts';
import { settingsOf, type RedisBrokerOptions, type Settings } from './options.ts';
import { Outbox, pack, unpack } from './outbox.ts';
import { HISTORY, POSITION, PUBLISH } from './scripts.ts';
import { findPrimary, isSentinelOptions, type SentinelOptions } from './sentinels.ts';
import {
  LINE_CHANGED,
  Session,
  type AnyRedisClient,
  type Argument,
  type MessageListener,
} from './session.ts';

/**
 * The hash of a topic lives this many times as long as its stream. The hash has the epoch: without it, even clients that have missed
 * nothing could not recover.
 */
const POSITION_LIVES_LONGER = 20;

/** The header of messages with positions: their epoch, as {@link PUBLISH} makes it, and the offset of the first one. */
const HEAD = /^((?:[\da-f]{8})?[\da-f-]{18}):([1-9]\d*):/;
/** In bytes; longer than any header. */
const LONGEST_HEAD = 64;

/**
 * Connects to the Redis of a client of the package `redis`. The broker opens two connections of its own with the options of that client,
 * and opens them again when they are lost. With the options of `createSentinel()`, it asks the sentinels for the primary each time.
 *
 * Rejects with a `BrokerError` if Redis cannot be reached, or is a replica. Rejects with a `RangeError` for a timeout or limits that are not
 * above 0, and for a prefix with a lone surrogate. Rejects with a `TypeError` for a client of `createSentinel()`, a cluster or a pool.
 *
 * @example
 * ```ts
 * const topics = new Topics({ broker: await connectToRedis(createClient(), { history: true }) });
 * ```
 */
export async function connectToRedis(
  client: AnyRedisClient | SentinelOptions,
  options: RedisBrokerOptions = {},
): Promise<Broker> {
  if (!isSentinelOptions(client) && !isClient(client)) {
    throw new TypeError('The client must be one of createClient(), or the options of createSentinel()');
  }
  const broker = new RedisBroker(client, settingsOf(options));
  await broker.open();
  return broker;
}

/** Whether the argument is a client of `createClient()`. A JavaScript caller may pass anything, for example a URL. */
function isClient(client: unknown): boolean {
  return typeof client === 'object' && client !== null && 'options' in client;
}

/** A session, and the messages that are about to be published in it. */
interface Opened extends EngineSession {
  readonly session: Session;
  readonly outbox: Outbox<Position | undefined>;
}

class RedisBroker implements Broker {
  readonly #settings: Settings;
  readonly #channelPrefix: string;
  readonly #sessions: Sessions<Opened>;

  constructor(client: AnyRedisClient | SentinelOptions, settings: Settings) {
    const { prefix, history, timeout } = settings;
    this.#settings = settings;
    // Messages with positions have another format.
    this.#channelPrefix = `${prefix}${history === undefined ? 'messages' : 'positions'}`;
    this.#sessions = new Sessions(async (lost) => {
      const listener: MessageListener = (message, channel) => this.#message(session, message, channel);
      const scripts = history === undefined ? [] : [PUBLISH, POSITION, HISTORY];
      const primary = isSentinelOptions(client) ? await findPrimary(client, timeout) : client;
      const session = await Session.open(primary, { timeout, scripts, listener, lost });
      const outbox = new Outbox((topic, messages) => this.#publish(session, topic, messages));
      return { session, outbox, close: () => session.close() };
    });
  }

  get hasHistory(): boolean {
    return this.#settings.history !== undefined;
  }

  open(): Promise<void> {
    return this.#sessions.open();
  }

  listen(listener: BrokerListener): void {
    this.#sessions.listen(listener);
  }

  async publish(topic: string, data: Uint8Array): Promise<Position | undefined> {
    const message = Buffer.from(data.buffer, data.byteOffset, data.length);
    return this.#sessions.current.outbox.add(topic, message);
  }

  async subscribe(topic: string): Promise<Position | undefined> {
    const session = this.#currentSession();
    await session.subscribe(this.#channelOf(topic));
    if (!this.hasHistory) return undefined;
    return positionOf((await this.#run(session, POSITION, topic, [])) as PositionReply);
  }

  async unsubscribe(topic: string): Promise<void> {
    await this.#currentSession().unsubscribe(this.#channelOf(topic));
  }

  async history(topic: string, since: Position): Promise<History> {
    const args = [since.epoch, String(since.offset)];
    const reply = (await this.#run(this.#currentSession(), HISTORY, topic, args)) as HistoryReply;
    const position = positionOf(reply);
    const messages = reply[2].map(([id, fields]) => ({ offset: offsetOf(id), data: fields[1] }));
    return { position, messages: isWhole(messages, since, position) ? messages : undefined };
  }

  close(): Promise<void> {
    return this.#sessions.close();
  }

  async #publish(
    session: Session,
    topic: string,
    messages: readonly Buffer[],
  ): Promise<readonly (Position | undefined)[]> {
    const { history } = this.#settings;
    const channel = this.#channelOf(topic);
    if (history === undefined) {
      await session.send([session.publishCommand, channel, pack(messages)]);
      return [];
    }
    const { milliseconds, messages: kept } = history;
    const limits = [lifetimeOf(milliseconds), String(kept)];
    const args = [...limits, session.publishCommand, channel, ...messages];
    const last = positionOf((await this.#run(session, PUBLISH, topic, args)) as PositionReply);
    return messages.map((_, index) => ({ ...last, offset: last.offset - messages.length + 1 + index }));
  }

  /** The session, for commands that must not overtake what has been published. */
  #currentSession(): Session {
    const { session, outbox } = this.#sessions.current;
    outbox.flush();
    return session;
  }

  #channelOf(topic: string): string {
    return this.#channelPrefix + endingOf(topic);
  }

  /** Runs a script on the keys of a topic. */
  #run(session: Session, script: string, topic: string, args: readonly Argument[]): Promise<unknown> {
    const { prefix, history, isDurable } = this.#settings;
    const ending = endingOf(topic);
    const keys = [`${prefix}position${ending}`, `${prefix}stream${ending}`];
    const lives = lifetimeOf((history?.milliseconds ?? 0) * POSITION_LIVES_LONGER);
    const kind = isDurable ? 'durable' : '';
    return session.run(script, keys, [newEpoch(), lives, kind, ...args]);
  }

  #message(session: Session, message: Buffer, channel: Buffer): void {
    const topic = topicOf(channel.toString().slice(this.#channelPrefix.length));
    // The listener may close the broker while it has messages left.
    const pass = (data: Buffer, position?: Position): void => {
      this.#sessions.listener?.message(topic, data, position);
    };
    if (!this.hasHistory) {
      for (const data of unpack(message)) pass(data);
      return;
    }
    const head = HEAD.exec(message.toString('latin1', 0, LONGEST_HEAD));
    // Another program has published it.
    if (head === null) return;
    const [{ length }, epoch = '', first] = head;
    // Redis has been a replica in the meantime, and may not have passed on all that its primary published.
    if (!this.#settings.isDurable && !epoch.startsWith(session.line)) {
      session.lose(new Error(LINE_CHANGED));
      return;
    }
    for (const [index, data] of unpack(message.subarray(length)).entries()) {
      pass(data, { epoch, offset: Number(first) + index });
    }
  }
}

/** Returns 60 random bits. Every command needs them, and Node creates many UUIDs at a time, while `randomBytes()` is slow for a few bytes. */
function newEpoch(): string {
  return randomUUID().slice(0, 18);
}

type PositionReply = readonly [epoch: Buffer, id: Buffer];
type HistoryReply = readonly [
  epoch: Buffer,
  id: Buffer,
  entries: readonly (readonly [id: Buffer, fields: readonly [Buffer, Buffer]])[],
];

function positionOf([epoch, id]: PositionReply | HistoryReply): Position {
  return { epoch: epoch.toString('latin1'), offset: offsetOf(id) };
}

/** The argument of a script for a lifetime in ms. 0 if it has no end, or is longer than Redis can represent. */
function lifetimeOf(milliseconds: number): string {
  return String(milliseconds < Number.MAX_SAFE_INTEGER ? Math.ceil(milliseconds) : 0);
}

/** The number at the start of an identifier of a stream. */
function offsetOf(id: Buffer): number {
  return Number.parseInt(id.toString('latin1'), 10);
}

/** Whether these are all the messages between two positions. */
function isWhole(messages: readonly HistoryMessage[], since: Position, newest: Position): boolean {
  // The stream may be gone although the hash exists.
  return since.epoch === newest.epoch && messages.length === newest.offset - since.offset;
}
