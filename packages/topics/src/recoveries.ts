// The clients that recover a topic. Those that wait at the same time share a history, and the messages that are prepared from it.
import { setImmediate, type PreparedMessage } from '@framewire/connection';
import type { History, HistoryMessage, Position } from './broker.ts';

/** How many clients and messages are handled before the event loop continues, so that many clients that recover do not block it. */
const MOST_IN_TURN = 10_000;

/** A message that clients have missed. */
export interface MissedMessage extends HistoryMessage {
  /** The message as it is sent. Set when the first of the clients is sent it. */
  prepared: PreparedMessage | undefined;
}

/** Receives all messages after a position, oldest first, or undefined if some are missing. */
export type TakeMissed = (messages: readonly MissedMessage[] | undefined) => void;

/** The parts of a topic that recoveries use. */
export interface RecoverableTopic {
  /** The position of the last message that was passed on. */
  readonly position: Position | undefined;
  /** How many times the topic has continued at a position other than that of its last message. */
  readonly skips: number;
  /** Requests what has been published since a position. */
  history(since: Position): Promise<History>;
  /** Passes a message on, unless it has already been passed on. */
  pass(message: HistoryMessage): void;
}

interface Recovery {
  readonly since: Position;
  readonly take: TakeMissed;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Recoveries {
  readonly #topic: RecoverableTopic;
  #waiting: Recovery[] = [];
  /** The messages that the topic has passed on since the latest request. Undefined when no client waits for its answer. */
  #recent: MissedMessage[] | undefined = undefined;
  #isBusy = false;

  constructor(topic: RecoverableTopic) {
    this.#topic = topic;
  }

  /**
   * Calls `take` once the history has been read, or without reading it for another epoch. Then resolves.
   *
   * Rejects as {@link RecoverableTopic.history} does.
   */
  add(since: Position, take: TakeMissed): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ since, take, resolve, reject });
      if (!this.#isBusy) void this.#answerAll();
    });
  }

  /** Records a message that the topic passes on. */
  passed({ data, offset }: HistoryMessage): void {
    this.#recent?.push({ data, offset, prepared: undefined });
  }

  /** Clients that begin to wait in the same turn, or during a request, share the next one. So a topic has one answer at a time. */
  async #answerAll(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting.length > 0) {
      await endOfTurn();
      const together = this.#waiting;
      this.#waiting = [];
      try {
        await this.#answer(together);
      } catch (error) {
        for (const { reject } of together) reject(error);
      } finally {
        this.#recent = undefined;
      }
    }
    this.#isBusy = false;
  }

  /** Reads the history from the oldest position. If that is too old, searches for the oldest one that is not. */
  async #answer(recoveries: readonly Recovery[]): Promise<void> {
    const epoch = this.#topic.position?.epoch;
    for (const recovery of recoveries) if (recovery.since.epoch !== epoch) finish(recovery, undefined);
    let rest = recoveries
      .filter(({ since }) => since.epoch === epoch)
      .toSorted((a, b) => a.since.offset - b.since.offset);
    let first = 0;
    while (rest.length > 0) {
      if (await this.#read(rest.slice(first))) {
        rest = rest.slice(0, first);
        first = 0;
      } else {
        for (const recovery of rest.slice(0, first + 1)) finish(recovery, undefined);
        rest = rest.slice(first + 1);
        first = Math.floor(rest.length / 2);
      }
    }
  }

  /** Answers these clients, unless messages after the position of the first are missing. Returns whether it has answered them. */
  async #read(recoveries: readonly Recovery[]): Promise<boolean> {
    const { position: last, skips } = this.#topic;
    const [{ since }] = recoveries as [Recovery];
    // A client may have seen more than this server has. The other subscribers then need the messages in between.
    const from = last !== undefined && last.offset < since.offset ? last : since;
    const recent: MissedMessage[] = (this.#recent = []);
    const { position, messages } = await this.#topic.history(from);
    const isSame = (): boolean =>
      skips === this.#topic.skips &&
      position.epoch === since.epoch &&
      this.#topic.position?.epoch === since.epoch;
    if (messages === undefined && isSame()) return false;
    const missed = (messages ?? []).map(({ data, offset }) => ({ data, offset, prepared: undefined }));
    // Messages that have not been passed on yet go to all subscribers first, so that all are at the same position.
    if (isSame()) for (const message of missed) this.#topic.pass(message);
    let handled = 0;
    let start = 0;
    for (const recovery of recoveries) {
      const { offset: seen } = recovery.since;
      // The clients are sorted by their positions.
      while (start < missed.length && (missed[start] as MissedMessage).offset <= seen) start++;
      const isWhole = isSame() && seen <= position.offset;
      const all = isWhole ? [...missed.slice(start), ...after(position.offset, recent)] : undefined;
      finish(recovery, all);
      handled += 1 + (all?.length ?? 0);
      if (handled < MOST_IN_TURN) continue;
      handled = 0;
      await endOfTurn();
    }
    return true;
  }
}

/** Returns the messages after an offset. */
function after(seen: number, messages: readonly MissedMessage[]): readonly MissedMessage[] {
  return messages.filter(({ offset }) => offset > seen);
}

function finish({ take, resolve }: Recovery, messages: readonly MissedMessage[] | undefined): void {
  take(messages);
  resolve();
}

/** Resolves after what the current turn of the event loop still does. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
