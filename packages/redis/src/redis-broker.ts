// A broker of topics on Redis: pub/sub, and streams where there is a history.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { Broker, BrokerListener, History, HistoryMessage, Position } from '@framewire/topics';
import { Sessions } from '@framewire/topics/engine';
import { endingOf, topicOf } from './names.ts';
import { settingsOf, type RedisBrokerOptions, type Settings } from './options.ts';
import { HISTORY, POSITION, PUBLISH } from './scripts.ts';
import { Session, type AnyRedisClient, type Argument } from './session.ts';

/** The hash of a topic lives longer than its stream. With another epoch, clients that have missed nothing could not recover. */
const POSITION_LIVES_LONGER = 20;

const SEPARATOR = ':'.charCodeAt(0);

/**
 * A broker on the Redis of a client of the package `redis`. It opens two connections of its own with the options of that client, and
 * opens them again when they are lost.
 *
 * Rejects with a `BrokerError` where Redis cannot be reached, and with a `RangeError` for limits that are not above 0.
 *
 * @example
 * ```ts
 * const topics = new Topics({ broker: await connectToRedis(createClient(), { history: true }) });
 * ```
 */
export async function connectToRedis(
  client: AnyRedisClient,
  options: RedisBrokerOptions = {},
): Promise<Broker> {
  const broker = new RedisBroker(client, settingsOf(options));
  await broker.open();
  return broker;
}

class RedisBroker implements Broker {
  readonly #settings: Settings;
  readonly #channelPrefix: string;
  readonly #sessions: Sessions<Session>;

  constructor(client: AnyRedisClient, settings: Settings) {
    const { prefix, history, timeout } = settings;
    this.#settings = settings;
    // Messages with positions have another form.
    this.#channelPrefix = `${prefix}${history === undefined ? 'messages' : 'positions'}`;
    this.#sessions = new Sessions((lost) =>
      Session.open(client, timeout, (message, channel) => this.#message(message, channel), lost),
    );
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
    const session = this.#sessions.current;
    const message = Buffer.from(data.buffer, data.byteOffset, data.length);
    const channel = this.#channelOf(topic);
    if (this.#settings.history === undefined) {
      await session.send([session.publishCommand, channel, message]);
      return undefined;
    }
    const { messages, milliseconds } = this.#settings.history;
    const args = [
      String(Math.ceil(milliseconds)),
      String(messages),
      session.publishCommand,
      channel,
      message,
    ];
    const reply = await this.#run(session, PUBLISH, topic, args);
    return positionOf(reply as PositionReply);
  }

  async subscribe(topic: string): Promise<Position | undefined> {
    const session = this.#sessions.current;
    await session.subscribe(this.#channelOf(topic));
    if (!this.hasHistory) return undefined;
    return positionOf((await this.#run(session, POSITION, topic, [])) as PositionReply);
  }

  async unsubscribe(topic: string): Promise<void> {
    await this.#sessions.current.unsubscribe(this.#channelOf(topic));
  }

  async history(topic: string, since: Position): Promise<History> {
    const args = [since.epoch, String(since.offset)];
    const reply = (await this.#run(this.#sessions.current, HISTORY, topic, args)) as HistoryReply;
    const position = positionOf(reply);
    const messages = reply[2].map(([id, fields]) => ({ offset: offsetOf(id), data: fields[1] }));
    return { position, messages: isWhole(messages, since, position) ? messages : undefined };
  }

  close(): Promise<void> {
    return this.#sessions.close();
  }

  #channelOf(topic: string): string {
    return this.#channelPrefix + endingOf(topic);
  }

  /** Runs a script on the keys of a topic. Its text goes along: what is sent later must not overtake it, if Redis does not know it. */
  #run(session: Session, script: string, topic: string, args: readonly Argument[]): Promise<unknown> {
    const { prefix, history } = this.#settings;
    const ending = endingOf(topic);
    const keys = [`${prefix}position${ending}`, `${prefix}stream${ending}`];
    const lives = String(Math.ceil((history?.milliseconds ?? 0) * POSITION_LIVES_LONGER));
    return session.send(['EVAL', script, '2', ...keys, randomBytes(8).toString('hex'), lives, ...args]);
  }

  #message(message: Buffer, channel: Buffer): void {
    const topic = topicOf(channel.toString().slice(this.#channelPrefix.length));
    if (!this.hasHistory) {
      this.#sessions.listener?.message(topic, message, undefined);
      return;
    }
    const idAt = message.indexOf(SEPARATOR) + 1;
    const dataAt = message.indexOf(SEPARATOR, idAt) + 1;
    const position = {
      epoch: message.toString('latin1', 0, idAt - 1),
      offset: offsetOf(message.subarray(idAt, dataAt - 1)),
    };
    this.#sessions.listener?.message(topic, message.subarray(dataAt), position);
  }
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

/** The number that an identifier of a stream begins with. */
function offsetOf(id: Buffer): number {
  return Number.parseInt(id.toString('latin1'), 10);
}

/** Whether the messages are all that were published between two positions. */
function isWhole(messages: readonly HistoryMessage[], since: Position, newest: Position): boolean {
  if (since.epoch !== newest.epoch || since.offset > newest.offset) return false;
  // The stream may be gone although the hash is there.
  return messages.length === newest.offset - since.offset;
}
