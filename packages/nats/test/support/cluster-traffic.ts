// Servers whose topics are joined by a cluster of NATS servers: publishers, subscribers, and clients that move from server to server.
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connectToNats } from '@framewire/nats';
import type { NatsCluster } from '@framewire/testing';
import { BrokerError, Topics, type Broker, type Position, type TopicConnection } from '@framewire/topics';

const TOPICS = ['news', 'sport'];
/** How many messages a client receives before it moves to another server. */
const VISIT = 5;
/** How long brokers wait for an answer, in ms. */
const TIMEOUT = 1000;

/** A message as subscribers receive it. Each publisher numbers its messages. */
interface Received extends Position {
  readonly publisher: number;
  readonly number: number;
}

/** A client, and what it has received. */
interface Client {
  readonly name: string;
  readonly topic: string;
  readonly ws: TopicConnection;
  readonly received: Received[];
  /** The newest number of each publisher. */
  readonly newest: Map<number, number>;
}

/** The numbers of the messages that `publish()` has confirmed. */
interface Confirmed {
  readonly topic: string;
  readonly publisher: number;
  readonly numbers: number[];
}

export class ClusterTraffic {
  readonly #servers: Topics[] = [];
  readonly #clients: Client[] = [];
  readonly #confirmed: Confirmed[] = [];
  readonly #tasks: Promise<void>[] = [];
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #troubles: string[] = [];
  #isOver = false;
  #notRecovered = 0;

  /** How many times a moving client could not recover. It then moves on. */
  get notRecovered(): number {
    return this.#notRecovered;
  }

  /**
   * Starts a server for each server of NATS, and one that only receives.
   *
   * @param receiver the NATS server of the one that only receives
   */
  async start(cluster: NatsCluster, receiver: number): Promise<void> {
    const count = cluster.servers.length;
    for (let index = 0; index < count; index++) await this.#startServer(cluster, index);
    await this.#startServer(cluster, receiver);
    for (const topic of TOPICS) {
      for (const [index, topics] of this.#servers.entries()) {
        await topics.subscribe(this.#newClient(`client of ${index}`, topic).ws, topic);
      }
      const start = (await this.#servers[0]?.publish(topic, 'start 0')) as Position;
      this.#tasks.push(this.#move(this.#newClient('moving client', topic), start));
      for (let publisher = 0; publisher < count; publisher++) {
        this.#tasks.push(this.#publishTo(topic, publisher));
      }
    }
  }

  /** Resolves when every publisher has published more messages to every topic, and all clients have received them. */
  async continues(): Promise<void> {
    const goals = this.#confirmed.map(({ numbers }) => numbers.length + 10);
    await this.#until(() =>
      this.#confirmed.every(({ numbers }, index) => numbers.length >= (goals[index] ?? 0)),
    );
    await this.#allReceived();
  }

  /** Ends the traffic. Returns what has gone wrong. */
  async faults(): Promise<readonly string[]> {
    this.#end();
    await Promise.all(this.#tasks);
    await this.#allReceived();
    const faults = this.#clients.flatMap((client) => {
      const offsets = isGrowing(client.received.map(({ offset }) => offset))
        ? []
        : ['offsets are not in order'];
      const ofPublishers = this.#confirmedFor(client).map((confirmed) => faultOf(client, confirmed));
      return [...offsets, ...ofPublishers.flat()].map(
        (fault) => `${client.name} of ${client.topic}: ${fault}`,
      );
    });
    return [...this.#troubles, ...faults];
  }

  async close(): Promise<void> {
    this.#end();
    await Promise.all(this.#servers.map((topics) => topics.close()));
  }

  async #startServer(cluster: NatsCluster, index: number): Promise<void> {
    const topics = new Topics({
      broker: await brokerOn(cluster, index),
      maxQueued: 1e6,
      encode: (data, { epoch, offset }) => `${epoch} ${offset} ${String(data)}`,
      onMissed: (topic) => this.#troubles.push(`server ${index} has missed messages of ${topic}`),
      onRestored: () => this.#changes.emit('change'),
    });
    this.#servers.push(topics);
  }

  #newClient(name: string, topic: string): Client {
    const client: Client = {
      ...{ name, topic, received: [], newest: new Map() },
      // Only the parts of a connection that topics use.
      ws: {
        readyState: 1,
        send: (message: { readonly shared: { readonly data: string } }) =>
          this.#receive(client, message.shared.data),
        on: () => {},
        off: () => {},
      } as unknown as TopicConnection,
    };
    this.#clients.push(client);
    return client;
  }

  #receive({ received, newest }: Client, text: string): void {
    const [epoch, ...numbers] = text.split(' ') as [string, ...string[]];
    const [offset, publisher, number] = numbers.map(Number) as [number, number, number];
    received.push({ epoch, offset, publisher, number });
    newest.set(publisher, number);
    this.#changes.emit('change');
  }

  async #publishTo(topic: string, publisher: number): Promise<void> {
    const topics = this.#servers[publisher] as Topics;
    const numbers: number[] = [];
    this.#confirmed.push({ topic, publisher, numbers });
    for (let number = 1; !this.#isOver; number++) {
      try {
        await topics.publish(topic, `${publisher} ${number}`);
        numbers.push(number);
        this.#changes.emit('change');
      } catch (error) {
        this.#check(error);
      }
    }
  }

  /** Moves a client from server to server. It recovers on each. */
  async #move({ topic, ws, received }: Client, start: Position): Promise<void> {
    for (let visit = 0; ; visit++) {
      const topics = this.#servers[visit % this.#servers.length] as Topics;
      try {
        const { recovered } = await topics.subscribe(ws, topic, { since: received.at(-1) ?? start });
        if (!recovered) {
          this.#notRecovered++;
          topics.unsubscribe(ws, topic);
          continue;
        }
      } catch (error) {
        this.#check(error);
        await once(this.#changes, 'change');
        continue;
      }
      const goal = received.length + VISIT;
      await this.#until(() => this.#isOver || received.length >= goal);
      if (this.#isOver) return;
      topics.unsubscribe(ws, topic);
    }
  }

  /** Records an error that is not that of an interruption. */
  #check(error: unknown): void {
    if (error instanceof BrokerError && error.code === 'WS_ERR_BROKER_UNREACHABLE') return;
    this.#troubles.push(String(error));
  }

  #confirmedFor({ topic }: Client): readonly Confirmed[] {
    return this.#confirmed.filter((confirmed) => confirmed.topic === topic);
  }

  /** Resolves when each client has all messages that publishers have confirmed before this call. */
  #allReceived(): Promise<void> {
    const expected = this.#clients.flatMap((client) =>
      this.#confirmedFor(client).map(({ publisher, numbers }) => {
        return { client, publisher, last: numbers.at(-1) ?? 0 };
      }),
    );
    return this.#until(() =>
      expected.every(({ client, publisher, last }) => (client.newest.get(publisher) ?? 0) >= last),
    );
  }

  async #until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await once(this.#changes, 'change');
  }

  #end(): void {
    this.#isOver = true;
    this.#changes.emit('change');
  }
}

/** Connects to a server of the cluster, and to another one if that cannot be used. */
export async function brokerOn({ servers }: NatsCluster, index: number): Promise<Broker> {
  const ports = servers.map(({ port }) => port);
  const connection = {
    servers: [...ports.slice(index), ...ports.slice(0, index)].map((port) => `127.0.0.1:${port}`),
    noRandomize: true,
  };
  const history = { messages: 1e6, replicas: servers.length };
  for (;;) {
    try {
      return await connectToNats(connection, { history, timeout: TIMEOUT });
    } catch {
      // The servers of the cluster have not found each other yet.
      await delay(100);
    }
  }
}

function faultOf({ received }: Client, { publisher, numbers }: Confirmed): string[] {
  const own = received.filter((message) => message.publisher === publisher).map(({ number }) => number);
  const found = new Set(own);
  const missing = numbers.filter((number) => !found.has(number));
  return [
    ...(isGrowing(own) ? [] : [`messages of ${publisher} are not in order, or not once`]),
    ...(missing.length === 0 ? [] : [`messages of ${publisher} are missing: ${missing.join(', ')}`]),
  ];
}

function isGrowing(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] as number));
}
