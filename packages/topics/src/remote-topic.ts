// A topic at the broker: with history, its messages in the order of their offsets, each once.
import { BrokerError, type Broker, type HistoryMessage, type Position } from './broker.ts';

/** A message as the broker brings it. */
export interface RemoteMessage {
  readonly data: Uint8Array;
  readonly position: Position | undefined;
}

/** A message with history that waits for earlier ones. */
interface EarlyMessage {
  readonly data: Uint8Array;
  readonly position: Position;
  readonly previous: number;
}

/** What a topic at the broker calls. */
export interface RemoteTopicObserver {
  received(topic: string, message: RemoteMessage): void;
  missed(topic: string): void;
}

/** A topic that this server has subscribed to at the broker, or is about to subscribe to. */
export class RemoteTopic {
  readonly #name: string;
  readonly #broker: Broker;
  readonly #observer: RemoteTopicObserver;
  /** With history: of the last message that was passed on. Undefined until the broker has reported it for the first time. */
  #position: Position | undefined = undefined;
  /** Messages that came while earlier ones are awaited. Undefined when there are none to wait for. */
  #early: EarlyMessage[] | undefined = [];
  /** How many wait for a part of the history, and the messages that have been passed on since the first of them asked. */
  #recoveries = 0;
  #recent: HistoryMessage[] | undefined = undefined;
  /** The one wait for the broker that counts: an interruption, and leaving, make its answer obsolete. */
  #attempt: object | undefined = undefined;
  #joined: Promise<void> = Promise.resolve();

  constructor(name: string, broker: Broker, observer: RemoteTopicObserver) {
    this.#name = name;
    this.#broker = broker;
    this.#observer = observer;
  }

  /** Resolves when messages come; rejects where the broker does not take the subscription. */
  get joined(): Promise<void> {
    return this.#joined;
  }

  /** With history: the position of the last message that was passed on. Undefined until {@link RemoteTopic.joined} has resolved once. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** Subscribes, for the first time or after an interruption. */
  join(): void {
    this.#joined = this.#join();
    // A caller that needs the outcome reads `joined`.
    this.#joined.catch(ignore);
  }

  interrupt(): void {
    this.#attempt = undefined;
    if (this.#broker.hasHistory) this.#early ??= [];
  }

  leave(): void {
    this.#attempt = undefined;
    this.#early = [];
  }

  /** Takes a message from the broker. */
  take(data: Uint8Array, position: Position | undefined, previous?: number): void {
    if (!this.#broker.hasHistory || position === undefined)
      this.#observer.received(this.#name, { data, position });
    else this.#takeInOrder({ data, position, previous: previous ?? position.offset - 1 });
  }

  /**
   * Calls `take` with the messages after a position and up to that of this topic, oldest first and none missing, or with undefined where
   * some are missing. The topic does not move on before `take` returns.
   *
   * Rejects as {@link Broker.history} does.
   */
  async recover(
    since: Position,
    take: (messages: readonly HistoryMessage[] | undefined) => void,
  ): Promise<void> {
    const recent = (this.#recent ??= []);
    this.#recoveries++;
    try {
      const { position, messages } = await this.#broker.history(this.#name, since);
      const isSameHistory = this.#position?.epoch === since.epoch && position.epoch === since.epoch;
      if (!isSameHistory || since.offset > position.offset || messages === undefined) {
        take(undefined);
        return;
      }
      // What is newer than what has been passed on goes to all subscribers now: then all are at the same position.
      for (const { data, offset } of messages) this.#pass(data, offset);
      take([...messages, ...recent.filter(({ offset }) => offset > position.offset)]);
    } finally {
      if (--this.#recoveries === 0) this.#recent = undefined;
    }
  }

  async #join(): Promise<void> {
    const attempt = (this.#attempt = {});
    const position = await this.#broker.subscribe(this.#name);
    if (this.#attempt !== attempt) return;
    if (position === undefined) this.#early = undefined;
    else if (this.#position === undefined) {
      this.#position = position;
      this.#takeEarly();
    } else await this.#catchUp(this.#position);
  }

  /** Fetches what is missing after the last message. */
  async #catchUp(from: Position): Promise<void> {
    const attempt = (this.#attempt = {});
    try {
      const { position, messages } = await this.#broker.history(this.#name, from);
      if (this.#attempt !== attempt) return;
      if (messages === undefined) this.#skipTo(position);
      else for (const { data, offset } of messages) this.#pass(data, offset);
    } catch (error) {
      if (this.#attempt !== attempt) return;
      // An interruption follows, and after it the next attempt.
      if (error instanceof BrokerError) throw error;
      const [first] = this.#early ?? [];
      if (first !== undefined) this.#skipTo({ ...first.position, offset: first.previous });
    }
    this.#takeEarly();
  }

  /** Goes on at a position, without the messages before it. */
  #skipTo(position: Position): void {
    this.#position = position;
    this.#observer.missed(this.#name);
  }

  #takeEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) {
      if (message.position.epoch === this.#position?.epoch) this.#takeInOrder(message);
    }
  }

  #takeInOrder(message: EarlyMessage): void {
    if (this.#early !== undefined) {
      this.#early.push(message);
      return;
    }
    const last = this.#position as Position;
    const { data, position, previous } = message;
    if (position.epoch === last.epoch && previous <= last.offset) {
      this.#pass(data, position.offset);
      return;
    }
    // The engine has lost its messages, or some of them have not come.
    this.#early = [message];
    this.#catchUp(last).catch(ignore);
  }

  /** Passes a message on, unless it has been before. */
  #pass(data: Uint8Array, offset: number): void {
    const { epoch, offset: last } = this.#position as Position;
    if (offset <= last) return;
    this.#position = { epoch, offset };
    this.#recent?.push({ data, offset });
    this.#observer.received(this.#name, { data, position: this.#position });
  }
}

/** The broker reports an interruption by itself, and then all topics are joined anew. */
function ignore(): void {}
