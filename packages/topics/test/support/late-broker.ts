// A broker whose messages and answers can be held back, each on its own, as if they came over several connections.
import type { Broker, BrokerListener, History, Position } from '@framewire/topics';

/** What can be held back. */
export type Part = 'messages' | 'subscribe' | 'history';

export class LateBroker implements Broker {
  /** What the broker calls. Undefined before `listen()`. */
  listener: BrokerListener | undefined = undefined;
  #inner: Broker;
  readonly #held = new Map<Part, (() => void)[]>();

  constructor(inner: Broker) {
    this.#inner = inner;
  }

  /** Sends later calls to another broker. */
  replace(inner: Broker): void {
    this.#inner = inner;
  }

  /** Holds a part back from now on. */
  hold(part: Part): void {
    this.#held.set(part, []);
  }

  /** Lets a part through, with what has been held back. */
  release(part: Part): void {
    const waiting = this.#held.get(part) ?? [];
    this.#held.delete(part);
    for (const run of waiting) run();
  }

  get hasHistory(): boolean {
    return this.#inner.hasHistory;
  }

  listen(listener: BrokerListener): void {
    this.listener = listener;
    this.#inner.listen({
      message: (...message) => this.#run('messages', () => listener.message(...message)),
      interrupted: (error) => listener.interrupted(error),
      restored: () => listener.restored(),
    });
  }

  publish(topic: string, data: Uint8Array): Promise<Position | undefined> {
    return this.#inner.publish(topic, data);
  }

  subscribe(topic: string): Promise<Position | undefined> {
    return new Promise((resolve) => this.#run('subscribe', () => resolve(this.#inner.subscribe(topic))));
  }

  unsubscribe(topic: string): Promise<void> {
    return this.#inner.unsubscribe(topic);
  }

  async history(topic: string, since: Position): Promise<History> {
    const found = await this.#inner.history(topic, since);
    await new Promise<void>((resolve) => this.#run('history', resolve));
    return found;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #run(part: Part, run: () => void): void {
    const waiting = this.#held.get(part);
    if (waiting === undefined) run();
    else waiting.push(run);
  }
}
