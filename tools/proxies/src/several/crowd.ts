// The clients of several servers. They publish messages, and check that the messages arrive.
import { faultsOf } from './checker.ts';
import { Client, type Published } from './client.ts';
import { WAYS, type Way } from './protocol.ts';

/** The size of a run. */
export interface Size {
  readonly clients: number;
  readonly topics: number;
  /** Messages of each publisher to each of its topics, in each part of the run. */
  readonly messages: number;
}

/** The outcome of a part of the run. */
export interface Outcome {
  readonly faults: readonly string[];
  readonly confirmed: number;
  readonly unconfirmed: number;
  readonly received: number;
  /** How often clients have reconnected. */
  readonly reconnected: number;
}

/** The subscribers and publishers of each topic. */
const SUBSCRIBERS = 3;
const PUBLISHERS = 2;
/** How many messages each client publishes concurrently. */
const CONCURRENT = 8;

export class Crowd {
  readonly #clients: readonly Client[];
  readonly #size: Size;
  /** Functions that are called after each change. */
  readonly #waiting = new Set<() => void>();
  #settled = 0;

  /** @param port the port that the clients connect to */
  constructor(size: Size, port: number) {
    this.#size = size;
    this.#clients = Array.from({ length: size.clients }, (_, name) => {
      return new Client(name, `ws://127.0.0.1:${port}`, () => this.#changed());
    });
    for (const way of Object.keys(WAYS) as Way[]) {
      for (let index = 0; index < size.topics; index++) this.#distribute(way, index);
    }
    for (const client of this.#clients) client.connect();
  }

  /** Resolves when all clients have their subscriptions. */
  ready(): Promise<void> {
    return this.#untilAll((client) => client.isReady);
  }

  /** Resolves when all clients have published everything, and everything has arrived. */
  async publish(ways: readonly Way[]): Promise<Outcome> {
    this.#settled = 0;
    for (const { followed } of this.#clients) for (const { ended } of followed.values()) ended.clear();
    await Promise.all(this.#clients.map((client) => this.#publishAll(client, ways)));
    await this.#untilAll(({ followed }) => {
      return [...followed.values()].every(
        ({ way, ended }) => !ways.includes(way) || ended.size === PUBLISHERS,
      );
    });
    return this.#outcomeOf(ways);
  }

  /** Resolves when this many messages have been confirmed, or have failed, since {@link Crowd.publish} was called. */
  settled(count: number): Promise<void> {
    return this.#until(() => this.#settled >= count);
  }

  /** Ends all connections. */
  close(): void {
    for (const client of this.#clients) client.close();
  }

  /** Distributes the subscriptions and publications of a topic among the clients. */
  #distribute(way: Way, index: number): void {
    const topic = `topic ${index}`;
    for (let part = 0; part < SUBSCRIBERS; part++) {
      this.#clientAt(index, part / SUBSCRIBERS).follow(way, topic);
    }
    for (let part = 0; part < PUBLISHERS; part++) {
      const { published } = this.#clientAt(2 * index + 1, part / PUBLISHERS);
      published.push({ way, topic, number: 0, confirmed: [] });
    }
  }

  /** Returns a client: the one at `index`, plus a share of all clients. Wraps around at the end. */
  #clientAt(index: number, share: number): Client {
    const { length } = this.#clients;
    return this.#clients[(index + Math.floor(share * length)) % length] as Client;
  }

  /** Publishes the messages of one client to each of its topics in turn. */
  async #publishAll(client: Client, ways: readonly Way[]): Promise<void> {
    const topics = publishedBy(client, ways);
    let next = 0;
    const publishNext = async (): Promise<void> => {
      while (next < topics.length * this.#size.messages) {
        await client.publish(topics[next++ % topics.length] as Published);
        this.#settled++;
        this.#changed();
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT }, publishNext));
    await Promise.all(topics.map((topic) => publishEnd(client, topic)));
  }

  #outcomeOf(ways: readonly Way[]): Outcome {
    const faults = this.#clients.flatMap(({ troubles }) => troubles);
    const counts = { confirmed: 0, unconfirmed: 0, received: 0 };
    for (const [from, client] of this.#clients.entries()) {
      for (const published of publishedBy(client, ways)) {
        counts.confirmed += published.confirmed.length;
        counts.unconfirmed += published.number - published.confirmed.length;
        for (const [to, received] of this.#receivedBy(published, from)) {
          counts.received += received.length;
          const where = `${published.way} ${published.topic} from ${from} to ${to}`;
          for (const fault of faultsOf(published.confirmed, received)) faults.push(`${where}: ${fault}`);
        }
      }
    }
    const reconnected = this.#clients.reduce((sum, { connections }) => sum + connections - 1, 0);
    return { faults, ...counts, reconnected };
  }

  /** What each subscriber has received from a publisher. */
  *#receivedBy({ way, topic }: Published, from: number): Iterable<readonly [number, readonly number[]]> {
    for (const [to, { followed }] of this.#clients.entries()) {
      const subscription = followed.get(way + topic);
      if (subscription !== undefined) yield [to, subscription.received.get(from) ?? []];
    }
  }

  #changed(): void {
    for (const check of this.#waiting) check();
  }

  #until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!isTrue()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Waits until the condition has been true for each client. */
  #untilAll(isTrue: (client: Client) => boolean): Promise<void> {
    const left = new Set(this.#clients);
    return this.#until(() => {
      for (const client of left) {
        if (!isTrue(client)) return false;
        left.delete(client);
      }
      return true;
    });
  }
}

function publishedBy(client: Client, ways: readonly Way[]): Published[] {
  return client.published.filter(({ way }) => ways.includes(way));
}

async function publishEnd(client: Client, topic: Published): Promise<void> {
  while (!(await client.publish(topic, true)));
}
