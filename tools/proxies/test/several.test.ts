// Three servers behind HAProxy, connected through Redis and NATS. FRAMEWIRE_FULL=1 runs 300 clients, 1,000 topics and 100,000 messages
// for each way to connect the servers, and prints figures.
import { Program } from '@framewire/testing/program';
import { requirement, startNats, startRedis } from '@framewire/testing';
import { expect, onTestFinished, test } from 'vitest';
import { haproxyOfSeveral } from '../src/haproxy-of-several.ts';
import { startProxy } from '../src/program.ts';
import { faultsOf } from '../src/several/checker.ts';
import { Crowd, type Size } from '../src/several/crowd.ts';
import { WAYS, type Way } from '../src/several/protocol.ts';

const isFull = process.env['FRAMEWIRE_FULL'] === '1';
const size: Size = isFull
  ? { clients: 300, topics: 1000, messages: 50 }
  : { clients: 30, topics: 30, messages: 10 };
const { clients: count } = size;
/** The messages for each way to connect the servers. */
const MESSAGES = size.topics * 2 * size.messages;
const ALL = Object.keys(WAYS) as Way[];
const WITH_HISTORY = ALL.filter((way) => WAYS[way].hasHistory);

const isMissing = (['haproxy', 'redis', 'nats'] as const).some((part) => requirement(part).missing);

function startServer(redisPort: number, natsPort: number): Program {
  const url = new URL('../src/several/server.ts', import.meta.url);
  const program = Program.start(url, String(redisPort), String(natsPort));
  onTestFinished(() => program.stop());
  return program;
}

test.skipIf(isMissing)(
  `${count} clients of three servers receive each message once and in order, with a history even when Redis, NATS and a server are killed`,
  async () => {
    const [redis, nats] = await Promise.all([startRedis(), startNats()]);
    onTestFinished(async () => {
      await Promise.all([redis.stop(), nats.stop()]);
    });
    const servers = [1, 2, 3].map(() => startServer(redis.port, nats.port));
    const ports = await Promise.all(servers.map((server) => server.ask<number>('listen')));
    const proxy = await startProxy(haproxyOfSeveral, ports);
    onTestFinished(() => proxy.stop());
    const clients = new Crowd(size, proxy.plain);
    onTestFinished(() => clients.close());
    await clients.ready();
    const connections = await Promise.all(servers.map((server) => server.ask<number>('connections')));
    expect(Math.min(...connections)).toBeGreaterThan(count / 6);

    const undisturbed = await clients.publish(ALL);
    expect(undisturbed.faults.slice(0, 10)).toEqual([]);
    expect(undisturbed).toMatchObject({ unconfirmed: 0, reconnected: 0 });
    expect(undisturbed.received).toBe(3 * undisturbed.confirmed);

    const publishing = clients.publish(WITH_HISTORY);
    let isOver = false;
    void publishing.then(() => (isOver = true));
    for (const engine of [redis, nats]) {
      await clients.settled(engine === redis ? MESSAGES / 4 : MESSAGES / 2);
      await engine.kill();
      await engine.restart();
    }
    await clients.settled(MESSAGES);
    expect(isOver).toBe(false);
    servers[0]?.stop();
    const disturbed = await publishing;
    expect(disturbed.faults.slice(0, 10)).toEqual([]);
    expect(disturbed.reconnected).toBe(connections[0]);
    expect(disturbed.confirmed).toBeGreaterThan(WITH_HISTORY.length * MESSAGES);
    for (const server of servers.slice(1)) expect(await server.ask('troubles')).toEqual([]);
    if (isFull) console.log({ undisturbed, disturbed });
  },
  isFull ? 600_000 : 120_000,
);

test.each([
  ['all that was confirmed, and more', [1, 3], [1, 2, 3, 4], []],
  ['a message twice', [1, 2], [1, 1, 2], ['1 has arrived twice']],
  ['messages in another order', [1, 2, 3], [1, 3, 2], ['2 has arrived after 3']],
  ['a missing message', [1, 2, 3], [1, 3], ['2 is missing']],
  ['nothing', [1], [], ['1 is missing']],
])('the checker finds the faults of %s', (_what, confirmed, received, faults) => {
  expect(faultsOf(confirmed, received)).toEqual(faults);
});
