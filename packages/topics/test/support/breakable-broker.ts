// Brokers whose engine can be made unreachable. They wrap brokers of a hub.
import type { Broker, BrokerListener, History, Position } from '@framewire/topics';
import { BrokerError } from '@framewire/topics';

/** An engine that can be made unreachable. */
export class BreakableEngine {
  readonly brokers = new Set<BreakableBroker>();
  /** The calls of all brokers. */
  readonly calls: string[] = [];
  /** Whether the next message to a broker is lost silently. */
  losesNext = false;
  isDown = false;
  /** Whether subscriptions are refused. */
  refuses = false;
  readonly #connect: () => Promise<Broker> | Broker;

  constructor(connect: () => Promise<Broker> | Broker) {
    this.#connect = connect;
  }

  async connect(): Promise<BreakableBroker> {
    const broker = new BreakableBroker(await this.#connect(), this);
    this.brokers.add(broker);
    return broker;
  }

  async interrupt(): Promise<void> {
    this.isDown = true;
    for (const broker of this.brokers) await broker.interrupt();
  }

  restore(): Promise<void> {
    this.isDown = false;
    for (const broker of this.brokers) broker.restore();
    return Promise.resolve();
  }
}

export class BreakableBroker implements Broker {
  readonly #inner: Broker;
  readonly #engine: BreakableEngine;
  readonly #topics = new Set<string>();
  #listener: BrokerListener | undefined = undefined;

  constructor(inner: Broker, engine: BreakableEngine) {
    this.#inner = inner;
    this.#engine = engine;
  }

  get hasHistory(): boolean {
    return this.#inner.hasHistory;
  }

  listen(listener: BrokerListener): void {
    this.#listener = listener;
    this.#inner.listen({
      message: (topic, data, position, previous) => {
        if (this.#engine.losesNext) this.#engine.losesNext = false;
        else if (!this.#engine.isDown) listener.message(topic, data, position, previous);
      },
      interrupted: (error) => listener.interrupted(error),
      restored: () => listener.restored(),
    });
  }

  publish(topic: string, data: Uint8Array): Promise<Position | undefined> {
    return this.#call(`publish ${topic}`, () => this.#inner.publish(topic, data));
  }

  subscribe(topic: string): Promise<Position | undefined> {
    return this.#call(`subscribe ${topic}`, () => {
      if (this.#engine.refuses) return Promise.reject(new Error('refused on purpose'));
      this.#topics.add(topic);
      return this.#inner.subscribe(topic);
    });
  }

  unsubscribe(topic: string): Promise<void> {
    return this.#call(`unsubscribe ${topic}`, () => {
      this.#topics.delete(topic);
      return this.#inner.unsubscribe(topic);
    });
  }

  history(topic: string, since: Position): Promise<History> {
    return this.#call(`history ${topic} ${since.offset}`, () => this.#inner.history(topic, since));
  }

  close(): Promise<void> {
    this.#engine.brokers.delete(this);
    return this.#inner.close();
  }

  async interrupt(): Promise<void> {
    for (const topic of this.#topics) await this.#inner.unsubscribe(topic);
    this.#topics.clear();
    this.#listener?.interrupted(new Error('broken on purpose'));
  }

  restore(): void {
    this.#listener?.restored();
  }

  #call<T>(text: string, run: () => Promise<T>): Promise<T> {
    this.#engine.calls.push(text);
    return this.#engine.isDown ? Promise.reject(new BrokerError('WS_ERR_BROKER_UNREACHABLE')) : run();
  }
}
