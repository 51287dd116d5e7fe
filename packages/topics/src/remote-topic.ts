// A topic at the broker. With a history, it passes on its messages in the order of their offsets, each once.
import { BrokerError, type Broker, type History, type HistoryMessage, type Position } from './broker.ts';
import { Recoveries, type RecoverableTopic, type Recovering } from './recoveries.ts';
import { TurnShare } from './turn-share.ts';

/** A message as the broker delivers it. */
export interface RemoteMessage {
  readonly data: Uint8Array;
  readonly position: Position | undefined;
}

/** A message that waits for earlier ones, with a history. */
interface EarlyMessage {
  readonly data: Uint8Array;
  readonly position: Position;
  readonly previous: number;
}

/** The functions that a topic at the broker calls. */
export interface RemoteTopicObserver {
  /** Called with each message. With a history, it is the next one in order, and may be from this server. */
  received(topic: string, message: RemoteMessage): void;
  /** Called when a topic continues after a position that is not that of the last message. */
  skipped(topic: string, position: Position): void;
  /** Called after `skipped()` if messages have been lost. */
  missed(topic: string): void;
}

/** A topic that this server has subscribed to at the broker, or is subscribing to. */
export class RemoteTopic implements RecoverableTopic {
  readonly #name: string;
  readonly #broker: Broker;
  readonly #observer: RemoteTopicObserver;
  /** With a history: the position of the last message that was passed on. Undefined until the broker has reported one. */
  #position: Position | undefined = undefined;
  /** Messages that arrived before earlier ones. Undefined while no message is missing. */
  #early: EarlyMessage[] | undefined = [];
  /** The clients that recover. Undefined until the first one does. */
  #recoveries: Recoveries | undefined = undefined;
  #skips = 0;
  #hasLeft = false;
  /** The latest request to the broker. An interruption, and leaving, make its answer obsolete. */
  #attempt: object | undefined = undefined;
  #joined: Promise<void> = Promise.resolve();

  constructor(name: string, broker: Broker, observer: RemoteTopicObserver) {
    this.#name = name;
    this.#broker = broker;
    this.#observer = observer;
  }

  /** Resolves when the subscription is in effect. Rejects if the broker refuses it. */
  get joined(): Promise<void> {
    return this.#joined;
  }

  /** With a history: the position of the last message that was passed on. Undefined until {@link RemoteTopic.joined} has resolved once. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** How many times it has called `skipped()`. */
  get skips(): number {
    return this.#skips;
  }

  /** Whether the message at a position has been passed on or skipped. False for another epoch, because that may be a later one. */
  hasPassed({ epoch, offset }: Position): boolean {
    return epoch === this.#position?.epoch && offset <= this.#position.offset;
  }

  /** Subscribes, for the first time or after an interruption. */
  join(): void {
    this.#joined = this.#join();
    // A caller that needs the outcome reads `joined`.
    this.#joined.catch(ignore);
  }

  interrupt(): void {
    this.#attempt = undefined;
    // What has arrived early is read from the history again, or is missed if that no longer has it. Kept, it could grow without a limit.
    if (this.#broker.hasHistory) this.#early = [];
  }

  /** Ends it. It passes on no further message, because its name may be that of another topic by now. */
  leave(): void {
    this.#hasLeft = true;
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
   * Sends a client the messages after a position and up to the position of this topic, oldest first and none missing.
   *
   * Rejects as {@link Broker.history} does.
   */
  recover(since: Position, client: Recovering): Promise<void> {
    this.#recoveries ??= new Recoveries(this);
    return this.#recoveries.add(since, client);
  }

  /** Requests what has been published since a position. */
  history(since: Position): Promise<History> {
    return this.#broker.history(this.#name, since);
  }

  /** Passes a message on, unless it has already been passed on. */
  pass({ data, offset }: HistoryMessage): void {
    const { epoch, offset: last } = this.#position as Position;
    if (offset <= last || this.#hasLeft) return;
    this.#position = { epoch, offset };
    this.#recoveries?.passed({ data, offset });
    this.#observer.received(this.#name, { data, position: this.#position });
  }

  async #join(): Promise<void> {
    const attempt = (this.#attempt = {});
    let position: Position | undefined;
    try {
      position = await this.#broker.subscribe(this.#name);
    } catch (error) {
      // What arrives without a subscription must not pile up. The history has it.
      if (this.#attempt === attempt && this.#early !== undefined) this.#early = [];
      throw error;
    }
    if (this.#attempt !== attempt) return;
    if (position === undefined) this.#early = undefined;
    else if (this.#position === undefined) {
      this.#skipTo(position);
      this.#takeEarly();
    } else await this.#catchUp(this.#position, position);
  }

  /**
   * Fetches the messages that are missing after the last one.
   *
   * @param live a position after which all messages arrive
   */
  async #catchUp(from: Position, live?: Position): Promise<void> {
    const attempt = (this.#attempt = {});
    const before = this.#early?.length ?? 0;
    try {
      const { position, messages } = await this.history(from);
      if (this.#attempt !== attempt) return;
      if (messages === undefined) this.#miss(position, live);
      else {
        const turn = new TurnShare();
        for (const message of messages) {
          this.pass(message);
          if (turn.isUsedUp) await turn.next();
          if (this.#attempt !== attempt) return;
        }
        this.#missRemoved(before);
      }
    } catch (error) {
      if (this.#attempt !== attempt) return;
      // An interruption follows, and the next attempt after that.
      if (error instanceof BrokerError) throw error;
      const [first] = this.#early ?? [];
      // After an interruption. Nothing shows where to continue, so the topic joins again later.
      if (first === undefined) throw error;
      this.#miss({ ...first.position, offset: first.previous });
    }
    this.#takeEarly(before, from.epoch);
  }

  /** Continues without the messages up to a position, except those that have arrived early or will arrive. */
  #miss({ epoch, offset }: Position, live?: Position): void {
    const last = this.#position;
    const first = this.#early?.find(({ position }) => position.epoch === epoch);
    const start = Math.min(offset, first?.previous ?? offset, live?.epoch === epoch ? live.offset : offset);
    this.#skipTo({ epoch, offset: last?.epoch === epoch ? Math.max(start, last.offset) : start });
    this.#observer.missed(this.#name);
  }

  /**
   * Skips messages that the history lacks, although a message that arrived before the request shows that they existed.
   *
   * @param before how many messages had arrived early at the time of the request
   */
  #missRemoved(before: number): void {
    const { epoch, offset } = this.#position as Position;
    const first = this.#early?.slice(0, before).find(({ position }) => position.epoch === epoch);
    if (first !== undefined && first.previous > offset && first.position.offset > offset)
      this.#miss({ epoch, offset: first.previous });
  }

  #skipTo(position: Position): void {
    this.#position = position;
    this.#skips++;
    this.#observer.skipped(this.#name, position);
  }

  /**
   * Takes the messages that arrived before earlier ones. The epoch of a message has ended if it is neither the current one nor later: if
   * the message was among the first `before`, which arrived before the history was requested, or has the epoch that was asked for.
   */
  #takeEarly(before = Infinity, asked?: string): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const [index, message] of early.entries()) {
      const { epoch } = message.position;
      const mayBeLater = index >= before && epoch !== asked;
      if (epoch === this.#position?.epoch || mayBeLater) this.#takeInOrder(message);
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
      this.pass({ data, offset: position.offset });
      return;
    }
    // The first message of a new epoch. Nothing has interrupted the subscription, so nothing is missing before it.
    if (position.epoch !== last.epoch && previous < 1) {
      this.#skipTo({ epoch: position.epoch, offset: previous });
      this.pass({ data, offset: position.offset });
      return;
    }
    // The engine has lost its messages, or some of them have not arrived.
    this.#early = [message];
    this.#catchUp(last).catch(ignore);
  }
}

/** The broker reports the interruption itself. All topics are joined again after it. */
function ignore(): void {}
