// Servers in processes and threads, joined by a hub in their parent.
import { fork, type ChildProcess } from 'node:child_process';
import cluster, { type Worker as ClusterWorker } from 'node:cluster';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker as Thread } from 'node:worker_threads';
import { Topics } from '@framewire/topics';
import { connectToHub, TopicHub } from '@framewire/topics/processes';
import { WebSocket } from 'framewire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { heldConnection } from './support/held-connection.ts';

const PROGRAM = fileURLToPath(new URL('support/serving-worker.mjs', import.meta.url));
const conditions = process.env['FRAMEWIRE_BUILT'] ? [] : ['--conditions=@framewire/source'];
const execArgv = [...conditions, '--import', 'tsx'];

/** A client of the server in a worker, which subscribes every client to `news`. */
class Client {
  readonly ws: WebSocket;
  readonly received: string[] = [];

  constructor(port: number) {
    this.ws = new WebSocket(`ws://127.0.0.1:${port}`);
    this.ws.on('message', (data) => this.received.push(data.toString()));
  }

  async until(count: number): Promise<string[]> {
    while (this.received.length < count) await once(this.ws, 'message');
    return this.received.splice(0);
  }
}

describe('Servers of a cluster, of a forked process, of a thread and of the primary', () => {
  const hub = new TopicHub({ history: { messages: 50 } });
  const topics = new Topics({ broker: hub.broker() });
  const here = heldConnection();
  let clustered: ClusterWorker;
  let forked: ChildProcess;
  let thread: Thread;
  let clients: [Client, Client, Client];

  beforeAll(async () => {
    cluster.setupPrimary({ exec: PROGRAM, execArgv, args: [] });
    clustered = cluster.fork();
    forked = fork(PROGRAM, [], { execArgv });
    thread = new Thread(PROGRAM, { execArgv: conditions });
    const started = [clustered, forked, thread].map(async (worker) => {
      const ports = new Promise<number>((resolve) => {
        worker.on('message', (message: { port?: number }) => {
          if (message.port !== undefined) resolve(message.port);
        });
      });
      hub.add(worker);
      const client = new Client(await ports);
      expect(await client.until(1)).toEqual(['subscribed']);
      return client;
    });
    clients = (await Promise.all(started)) as typeof clients;
    await topics.subscribe(here.ws, 'news');
  });
  afterAll(async () => {
    for (const { ws } of clients) ws.terminate();
    forked.kill();
    await thread.terminate();
    await topics.close();
  });

  test('receive each message that any of them publishes, once', async () => {
    const said = ['from the cluster', 'from the fork', 'from the thread'];
    for (const [index, client] of clients.entries()) client.ws.send(said[index]!);
    await topics.publish('news', 'from the primary');
    for (const client of clients) {
      expect((await client.until(4)).toSorted()).toEqual([...said, 'from the primary'].toSorted());
    }
    clients[2].ws.send(Buffer.from('bytes \x00'));
    for (const client of clients) expect(await client.until(1)).toEqual(['bytes \x00']);
    await here.release();
    expect(here.texts).toHaveLength(5);
  });

  test('have brokers that pass the broker contract', async () => {
    const checked = new Promise((resolve) => {
      forked.on('message', (message: { failures?: string[] }) => {
        if (message.failures !== undefined) resolve(message);
      });
    });
    forked.send('check the contract');
    expect(await checked).toEqual({ failures: [], count: expect.any(Number) as number });
  });

  test('continue when one of them is killed, and when one loses its parent', async () => {
    const [killed, orphan, other] = clients;
    const ended = Promise.all([once(clustered, 'exit'), once(killed.ws, 'close')]);
    clustered.process.kill('SIGKILL');
    await ended;
    forked.disconnect();
    // It keeps its clients, but their messages reach no other server.
    while (orphan.received.at(-1) !== 'WS_ERR_BROKER_UNREACHABLE') {
      orphan.ws.send('hello?');
      await once(orphan.ws, 'message');
    }
    other.ws.send('still here');
    expect((await other.until(1)).at(-1)).toBe('still here');
    await topics.publish('news', 'yes');
    expect(await other.until(1)).toEqual(['yes']);
  });
});

test('connectToHub() rejects if no hub answers', async () => {
  const { port1, port2 } = new MessageChannel();
  const failure = (message: RegExp) => ({
    code: 'WS_ERR_BROKER_UNREACHABLE',
    cause: { message: expect.stringMatching(message) as string },
  });
  await expect(connectToHub({ port: port1, timeout: 1 })).rejects.toMatchObject(
    failure(/for 1 ms.* add\(\)/),
  );
  const closing = connectToHub({ port: port1 });
  port2.close();
  await expect(closing).rejects.toMatchObject(failure(/has closed/));
});

test('several brokers share the channel of a worker, and one that leaves does not end the subscriptions of the others', async () => {
  const hub = new TopicHub();
  const { port1, port2 } = new MessageChannel();
  for (let times = 0; times < 2; times++) hub.add(port1);
  port1.unref();
  const [a, b, c] = await Promise.all(
    [1, 2, 3].map(async () => new Topics({ broker: await connectToHub({ port: port2 }) })),
  );
  const ends = [heldConnection(), heldConnection(), heldConnection()];
  for (const [index, topics] of [a!, b!, c!].entries()) await topics.subscribe(ends[index]!.ws, 'news');
  a!.unsubscribe(ends[0]!.ws, 'news');
  await b!.close();
  await a!.publish('news', 'hello');
  while (ends[2]!.texts.length === 0) await new Promise(setImmediate);
  expect(ends.map(({ texts }) => texts)).toEqual([[], [], ['hello']]);
  for (const topics of [a!, c!]) await topics.close();
});

test.each([{ messages: 0 }, { messages: 1.5 }, { milliseconds: 0 }, { milliseconds: Number.NaN }])(
  'a hub rejects a history of %j',
  (history) => {
    expect(() => new TopicHub({ history })).toThrow(RangeError);
  },
);
