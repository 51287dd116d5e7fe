// The clients that recover a topic. Those that wait at the same time share a history, and the messages that are prepared from it.
import type { PreparedMessage } from '@framewire/connection';
import type { History, HistoryMessage, Position } from './broker.ts';
import { endOfTurn, TurnShare } from './turn-share.ts';

/** A message that clients have missed. */
export interface MissedMessage extends HistoryMessage {
  /** The message as it is sent. Set when the first of the clients is sent it. */
  prepared: PreparedMessage | undefined;
}

/** A client that recovers. */
export interface Recovering {
  /** Called with each message after its position, oldest first. */
  send(message: MissedMessage): void;
  /**
   * Called at the end, before the topic passes on another message.
   *
   * @param recovered whether all messages were sent. If not, none was sent, unless the topic has lost messages in the meantime.
   */
  end(recovered: boolean): void;
}

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
  readonly client: Recovering;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Recoveries {
  readonly #topic: RecoverableTopic;
  #waiting: Recovery[] = [];
  /**
   * The messages that the topic has passed on since the latest request, and once it is answered, after the messages of the answer. Undefined
   * when no client recovers.
   */
  #recent: MissedMessage[] | undefined = undefined;
  #isBusy = false;

  constructor(topic: RecoverableTopic) {
    this.#topic = topic;
  }

  /**
   * Sends a client what it has missed once the history has been read. Then resolves. For another epoch, it does not read the history.
   *
   * Rejects as {@link RecoverableTopic.history} does.
   */
  add(since: Position, client: Recovering): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ since, client, resolve, reject });
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
    for (const recovery of recoveries) if (recovery.since.epoch !== epoch) finish(recovery, false);
    let rest = recoveries
      .filter(({ since }) => since.epoch === epoch)
      .toSorted((a, b) => a.since.offset - b.since.offset);
    let first = 0;
    while (rest.length > 0) {
      if (await this.#read(rest.slice(first))) {
        rest = rest.slice(0, first);
        first = 0;
      } else {
        for (const recovery of rest.slice(0, first + 1)) finish(recovery, false);
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
    // From now on, the topic adds what it passes on.
    const all = (this.#recent = [...missed, ...recent.filter(({ offset }) => offset > position.offset)]);
    const turn = new TurnShare();
    let start = 0;
    for (const recovery of recoveries) {
      const { client, since } = recovery;
      // The clients are sorted by their positions.
      while (start < all.length && (all[start] as MissedMessage).offset <= since.offset) start++;
      const isWhole = (): boolean => isSame() && since.offset <= position.offset;
      for (let next = start; next < all.length && isWhole(); next++) {
        client.send(all[next] as MissedMessage);
        if (turn.isUsedUp) await turn.next();
      }
      finish(recovery, isWhole());
      if (turn.isUsedUp) await turn.next();
    }
    return true;
  }
}

function finish({ client, resolve }: Recovery, recovered: boolean): void {
  client.end(recovered);
  resolve();
}
