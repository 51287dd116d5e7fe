// A broker of topics on NATS: with core subjects, and with JetStream for a history.
import { nextTick } from 'node:process';
import type { Broker, BrokerListener, History, Position } from '@framewire/topics';
import { Sessions, type EngineSession } from '@framewire/topics/engine';
import type { MsgHdrs, NodeConnectionOptions } from '@nats-io/transport-node';
import { settingsOf, type NatsBrokerOptions, type Settings } from './options.ts';
import { Session } from './session.ts';
import { liveMessageOf, Stream } from './stream.ts';
import { CHECK, subjectOf } from './subjects.ts';

/**
 * Connects to NATS. The broker opens a connection with the options of `connect()` of `@nats-io/transport-node`, and opens it again when it
 * is lost.
 *
 * Rejects with a `BrokerError` if NATS cannot be reached, or refuses what topics need. Rejects with a `RangeError` for options that are
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

/** A session, and the stream if there is a history. */
interface Opened extends EngineSession {
  readonly session: Session;
  readonly stream: Stream | undefined;
}

class NatsBroker implements Broker {
  readonly #settings: Settings;
  /** Messages with positions arrive on other subjects than those without. */
  readonly #subjectPrefix: string;
  readonly #sessions: Sessions<Opened>;
  /** Whether the last server could be reached, but not used. */
  #isUnusable = false;

  constructor(connection: NodeConnectionOptions, settings: Settings) {
    this.#settings = settings;
    this.#subjectPrefix = `${settings.prefix}.${settings.history === undefined ? 'messages' : 'live'}.`;
    this.#sessions = new Sessions((lost) => this.#openSession(connection, lost));
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
    const { session, stream } = this.#sessions.current;
    const subject = subjectOf(topic);
    if (stream !== undefined) return stream.publish(subject, data);
    await session.publish(this.#subjectPrefix + subject, data);
    return undefined;
  }

  async subscribe(topic: string): Promise<Position | undefined> {
    const { session, stream } = this.#sessions.current;
    const subscribed = session.subscribe(
      this.#subjectPrefix + subjectOf(topic),
      stream === undefined
        ? (data) => this.#message(topic, data)
        : this.#listenerWithPositions(topic, stream),
    );
    // The subscription is sent first, and the server handles both in order. So it delivers every message after this position.
    const [position] = await Promise.all([stream?.position(), subscribed]);
    return position;
  }

  async unsubscribe(topic: string): Promise<void> {
    await this.#sessions.current.session.unsubscribe(this.#subjectPrefix + subjectOf(topic));
  }

  async history(topic: string, since: Position): Promise<History> {
    const { stream } = this.#sessions.current;
    if (stream === undefined) throw new TypeError('The broker has no history');
    return stream.history(subjectOf(topic), since);
  }

  close(): Promise<void> {
    return this.#sessions.close();
  }

  async #openSession(connection: NodeConnectionOptions, lost: (error: Error) => void): Promise<Opened> {
    const { prefix, history, timeout } = this.#settings;
    // Otherwise the client could choose the same server again, for example one that has been cut off from the others.
    const choice = this.#isUnusable ? { noRandomize: false } : {};
    const session = await Session.open({ ...connection, ...choice }, timeout, lost);
    try {
      await this.#checkPermissions(session);
      const stream = history === undefined ? undefined : await Stream.open(session, prefix, history);
      this.#isUnusable = false;
      return { session, stream, close: () => session.close() };
    } catch (error) {
      this.#isUnusable = true;
      session.close();
      throw error;
    }
  }

  /** Rejects if the user lacks a permission. NATS drops a message that the user may not publish, and does not report that. */
  async #checkPermissions(session: Session): Promise<void> {
    const subject = `${this.#subjectPrefix}${CHECK}`;
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

  /** Returns the listener for a topic with a history. */
  #listenerWithPositions(
    topic: string,
    stream: Stream,
  ): (data: Uint8Array, headers: MsgHdrs | undefined) => void {
    let last = 0;
    return (data, headers) => {
      const live = liveMessageOf(headers);
      if (live === undefined) return;
      const isLate = live.offset <= last;
      // A later message, or an answer of the stream, has overtaken this one, or it is from another stream.
      if (isLate || stream.hasPassed(live.offset)) stream.check().catch(ignore);
      // The later message of the topic has revealed the gap.
      if (isLate) return;
      last = live.offset;
      this.#message(topic, data, stream.positionAt(live.offset), live.previous);
    };
  }

  #message(topic: string, data: Uint8Array, position?: Position, previous?: number): void {
    try {
      this.#sessions.listener?.message(topic, data, position, previous);
    } catch (error) {
      // Rethrown in its own tick, because otherwise the client of NATS would stop reading.
      nextTick(() => {
        throw error;
      });
    }
  }
}

function ignore(): void {}
