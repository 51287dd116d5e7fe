// A topic in the hub: its subscribers, and its newest messages.
import { randomUUID } from 'node:crypto';
import { setWatch, type Deadline } from '@framewire/connection';
import type { History, HistoryMessage, Position } from '../broker.ts';
import type { HistoryLimits } from '../engine/history-limits.ts';

/** A receiver of the messages of a topic. */
export interface HubSubscriber {
  deliver(topic: string, data: Uint8Array, position: Position | undefined): void;
}

export class HubTopic {
  readonly #subscribers = new Set<HubSubscriber>();
  readonly #name: string;
  readonly #limits: HistoryLimits | undefined;
  readonly #epoch = randomUUID();
  #newest = 0;
  #messages: HistoryMessage[] = [];
  #expiry: Deadline | undefined = undefined;
  readonly #onIdle: (topic: HubTopic) => void;

  /** @param onIdle called when the topic has no subscribers and no messages, so that it can be forgotten */
  constructor(name: string, limits: HistoryLimits | undefined, onIdle: (topic: HubTopic) => void) {
    this.#name = name;
    this.#limits = limits;
    this.#onIdle = onIdle;
  }

  get name(): string {
    return this.#name;
  }

  /** The position of the newest message. Undefined without a history. */
  get position(): Position | undefined {
    return this.#limits === undefined ? undefined : { epoch: this.#epoch, offset: this.#newest };
  }

  add(subscriber: HubSubscriber): Position | undefined {
    this.#subscribers.add(subscriber);
    return this.position;
  }

  remove(subscriber: HubSubscriber): void {
    this.#subscribers.delete(subscriber);
    this.#checkIdle();
  }

  publish(data: Uint8Array): Position | undefined {
    if (this.#limits !== undefined) this.#keep(data, this.#limits);
    const { position } = this;
    for (const subscriber of [...this.#subscribers]) subscriber.deliver(this.#name, data, position);
    this.#checkIdle();
    return position;
  }

  since({ epoch, offset }: Position): History {
    const position = { epoch: this.#epoch, offset: this.#newest };
    const oldest = this.#newest - this.#messages.length + 1;
    const isKnown = epoch === this.#epoch && offset >= oldest - 1 && offset <= this.#newest;
    this.#checkIdle();
    return { position, messages: isKnown ? this.#messages.slice(offset - oldest + 1) : undefined };
  }

  #keep(data: Uint8Array, limits: HistoryLimits): void {
    this.#messages.push({ data, offset: ++this.#newest });
    // Dropped in large steps, because each one copies the array.
    if (this.#messages.length >= 2 * limits.messages) this.#messages = this.#messages.slice(-limits.messages);
    if (limits.milliseconds === Infinity) return;
    if (this.#expiry === undefined) {
      const expire = (): void => {
        this.#expiry = undefined;
        this.#messages = [];
        this.#checkIdle();
      };
      this.#expiry = setWatch(limits.milliseconds, expire, undefined);
    } else this.#expiry.refresh();
  }

  #checkIdle(): void {
    if (this.#subscribers.size === 0 && this.#messages.length === 0) this.#onIdle(this);
  }
}
