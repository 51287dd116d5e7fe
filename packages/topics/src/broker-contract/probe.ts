// A listener that records what a broker reports.
import { Buffer } from 'node:buffer';
import { EventEmitter, once } from 'node:events';
import type { Broker, BrokerListener, Position } from '../broker.ts';

/** A message that has arrived. */
export interface Received {
  readonly topic: string;
  /** The bytes, as Latin-1. */
  readonly text: string;
  readonly position: Position | undefined;
  /** The offset of the message before it, as the broker reported it. */
  readonly previous: number | undefined;
}

export class Probe implements BrokerListener {
  readonly broker: Broker;
  readonly received: Received[] = [];
  /** `interrupted` and `restored`, in order. */
  readonly changes: string[] = [];
  readonly #events = new EventEmitter();

  constructor(broker: Broker) {
    this.broker = broker;
    broker.listen(this);
  }

  message(topic: string, data: Uint8Array, position: Position | undefined, previous?: number): void {
    const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString('latin1');
    this.received.push({ topic, text, position, previous: previous ?? (position && position.offset - 1) });
    this.#events.emit('event');
  }

  interrupted(): void {
    this.changes.push('interrupted');
    this.#events.emit('event');
  }

  restored(): void {
    this.changes.push('restored');
    this.#events.emit('event');
  }

  publish(topic: string, text: string): Promise<Position | undefined> {
    return this.broker.publish(topic, Buffer.from(text, 'latin1'));
  }

  /** Resolves to the texts of a topic, once there are this many. */
  async texts(topic: string, count: number): Promise<string[]> {
    await this.until(() => this.of(topic).length >= count);
    return this.of(topic).map(({ text }) => text);
  }

  of(topic: string): Received[] {
    return this.received.filter((message) => message.topic === topic);
  }

  /** Resolves once a condition holds. It is checked after each event. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await once(this.#events, 'event');
  }
}
