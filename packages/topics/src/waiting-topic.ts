// A topic that can wait for its turn to join again. An interruption ends the subscriptions of all topics.
import { BrokerError } from './broker.ts';
import { RemoteTopic } from './remote-topic.ts';

export class WaitingTopic extends RemoteTopic {
  /** Undefined while it does not wait. */
  #waiting: Promise<void> | undefined = undefined;
  /** Settles the promise above. */
  #settle: (outcome?: Promise<void>) => void = ignore;

  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** While it waits, this promise is pending. An interruption rejects it, as it rejects requests to the broker. */
  override get joined(): Promise<void> {
    return this.#waiting ?? super.joined;
  }

  /** Waits until {@link WaitingTopic.join}, an interruption, or {@link WaitingTopic.leave}. */
  wait(): void {
    this.#waiting = new Promise((resolve) => (this.#settle = resolve));
    // A caller that needs the outcome reads `joined`.
    this.#waiting.catch(ignore);
  }

  override join(): void {
    super.join();
    this.#endWait(super.joined);
  }

  override interrupt(): void {
    super.interrupt();
    if (this.isWaiting) this.#endWait(Promise.reject(new BrokerError('WS_ERR_BROKER_UNREACHABLE')));
  }

  override leave(): void {
    super.leave();
    this.#endWait();
  }

  #endWait(outcome?: Promise<void>): void {
    this.#settle(outcome);
    this.#waiting = undefined;
    this.#settle = ignore;
  }
}

function ignore(): void {}
