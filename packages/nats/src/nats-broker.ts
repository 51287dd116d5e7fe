// A broker of topics on NATS: core subjects, and JetStream where there is a history.
import { nextTick } from 'node:process';
import {
  BrokerError,
  type Broker,
  type BrokerListener,
  type History,
  type Position,
} from '@framewire/topics';
import type { MsgHdrs, NodeConnectionOptions } from '@nats-io/transport-node';
import { settingsOf, type NatsBrokerOptions, type Settings } from './options.ts';
import { Session } from './session.ts';
import { liveMessageOf, Stream } from './stream.ts';
import { subjectOf } from './subjects.ts';

/** Between attempts to connect again, in ms: the first, and the longest. */
const FIRST_DELAY = 50;
const LONGEST_DELAY = 2000;

/**
 * A broker on NATS. It opens a connection with the options of `connect()` of `@nats-io/transport-node`, and opens it again when it is
 * lost.
 *
 * Rejects with a `BrokerError` where NATS cannot be reached, or refuses what topics need, and with a `RangeError` for options that are
 * out of range.
 *
 * @example
 * ```ts
 * const topics = new Topics({ broker: await connectToNats({ servers: 'localhost:4222' }, { history: true }) });
 * ```
 */
export async function connectToNats(
  connection: NodeConnectionOptions,
  options: NatsBrokerOptions = {},
): Promise<Broker> {
  const broker = new NatsBroker(connection, settingsOf(options));
  await broker.open();
  return broker;
}

/** A session, and the stream where there is a history. */
interface Opened {
  readonly session: Session;
  readonly stream: Stream | undefined;
}

class NatsBroker implements Broker {
  readonly #connection: NodeConnectionOptions;
  readonly #settings: Settings;
  /** Messages with positions come on other subjects. */
  readonly #subjectPrefix: string;
  #listener: BrokerListener | undefined = undefined;
  #opened: Opened | undefined = undefined;
  #retry: NodeJS.Timeout | undefined = undefined;
  #isClosed = false;

  constructor(connection: NodeConnectionOptions, settings: Settings) {
    this.#connection = connection;
    this.#settings = settings;
    this.#subjectPrefix = `${settings.prefix}.${settings.history === undefined ? 'messages' : 'live'}.`;
  }

  get hasHistory(): boolean {
    return this.#settings.history !== undefined;
  }

  async open(): Promise<void> {
    try {
      await this.#openSession();
    } catch (error) {
      throw error instanceof BrokerError ? error : new BrokerError('WS_ERR_BROKER_UNREACHABLE', error);
    }
  }

  listen(listener: BrokerListener): void {
    this.#listener = listener;
    // The session may have ended in the meantime.
    if (this.#opened === undefined) listener.interrupted(new BrokerError('WS_ERR_BROKER_UNREACHABLE'));
  }

  async publish(topic: string, data: Uint8Array): Promise<Position | undefined> {
    const { session, stream } = this.#current();
    const subject = subjectOf(topic);
    if (stream !== undefined) return stream.publish(subject, data);
    await session.publish(this.#subjectPrefix + subject, data);
    return undefined;
  }

  async subscribe(topic: string): Promise<Position | undefined> {
    const { session, stream } = this.#current();
    const subscribed = session.subscribe(
      this.#subjectPrefix + subjectOf(topic),
      stream === undefined
        ? (data) => this.#message(topic, data)
        : this.#listenerWithPositions(topic, session, stream),
    );
    // The server answers in order, so it has the subscription first: messages after this position are delivered.
    const [position] = await Promise.all([stream?.position(), subscribed]);
    return position;
  }

  async unsubscribe(topic: string): Promise<void> {
    await this.#current().session.unsubscribe(this.#subjectPrefix + subjectOf(topic));
  }

  async history(topic: string, since: Position): Promise<History> {
    const { stream } = this.#current();
    if (stream === undefined) throw new TypeError('The broker has no history');
    return stream.history(subjectOf(topic), since);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#opened?.session.close();
    this.#opened = undefined;
    return Promise.resolve();
  }

  async #openSession(): Promise<void> {
    const { prefix, history, timeout } = this.#settings;
    const session = await Session.open(this.#connection, timeout, (lost, error) => {
      if (this.#opened?.session === lost) this.#interrupted(error);
    });
    try {
      await this.#checkPermissions(session);
      const stream = history === undefined ? undefined : await Stream.open(session, prefix, history);
      if (session.failure !== undefined) throw session.failure;
      // The broker may have been closed in the meantime.
      if (this.#isClosed) session.close();
      else this.#opened = { session, stream };
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** NATS drops a message that the user may not publish, and does not report it to the publisher. */
  async #checkPermissions(session: Session): Promise<void> {
    const subject = `${this.#subjectPrefix}==check`;
    if (this.hasHistory) {
      await session.subscribe(subject, ignore);
      await session.unsubscribe(subject);
      return;
    }
    const received: unknown[] = [];
    const subscribed = session.subscribe(subject, (data) => received.push(data));
    await Promise.all([subscribed, session.publish(subject, new Uint8Array())]);
    if (received.length === 0)
      throw new Error(`NATS does not let this user publish to "${this.#subjectPrefix}*"`);
    await session.unsubscribe(subject);
  }

  #interrupted(error: Error): void {
    this.#opened = undefined;
    this.#listener?.interrupted(error);
    this.#reopenIn(FIRST_DELAY);
  }

  /** Reopens the session after a random part of the delay, so that servers do not all reconnect at once. */
  #reopenIn(delay: number): void {
    if (this.#isClosed) return;
    this.#retry = setTimeout(
      () => {
        this.#openSession().then(
          () => {
            if (!this.#isClosed) this.#listener?.restored();
          },
          () => this.#reopenIn(Math.min(2 * delay, LONGEST_DELAY)),
        );
      },
      delay * (0.5 + Math.random() / 2),
    );
  }

  #current(): Opened {
    if (this.#isClosed) throw new BrokerError('WS_ERR_BROKER_CLOSED');
    if (this.#opened === undefined) throw new BrokerError('WS_ERR_BROKER_UNREACHABLE');
    return this.#opened;
  }

  /** Returns the listener for a topic with a history. */
  #listenerWithPositions(
    topic: string,
    session: Session,
    stream: Stream,
  ): (data: Uint8Array, headers: MsgHdrs | undefined) => void {
    let last = 0;
    return (data, headers) => {
      const live = liveMessageOf(headers);
      if (live === undefined) return;
      // Within one stream, offsets only grow.
      if (live.offset <= last) session.lose(new Error('The stream has been made anew'));
      else this.#message(topic, data, stream.positionAt(live.offset), live.previous);
      last = live.offset;
    };
  }

  #message(topic: string, data: Uint8Array, position?: Position, previous?: number): void {
    try {
      this.#listener?.message(topic, data, position, previous);
    } catch (error) {
      // Rethrown in its own tick, because otherwise the client of NATS would stop reading.
      nextTick(() => {
        throw error;
      });
    }
  }
}

function ignore(): void {}
