// A server shuts down under load: what its clients notice, and that no acknowledged message is lost. FRAMEWIRE_FULL=1 runs 2,000
// clients, and prints figures.
import { Program } from '@framewire/testing/program';
import { requirement } from '@framewire/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startProxy } from '../src/program.ts';
import type { ClientsReport } from '../src/restart/clients.ts';
import { haproxyOfSeveral } from '../src/haproxy-of-several.ts';
import type { ServerReport } from '../src/restart/server.ts';

const isFull = process.env['FRAMEWIRE_FULL'] === '1';
/** `pace` is the time between two messages, and `spread` the time over which close frames are spread, in ms. */
const {
  clients: count,
  pace,
  spread,
} = isFull ? { clients: 2000, pace: 500, spread: 5000 } : { clients: 60, pace: 20, spread: 200 };

/** How many messages each client sends before the shutdown, and after it. */
const MESSAGES = 5;

function start(file: string, ...args: readonly (number | string)[]): Program {
  const url = new URL(`../src/restart/${file}`, import.meta.url);
  const program = Program.start(url, ...args.map(String));
  onTestFinished(() => program.stop());
  return program;
}

interface Shutdown {
  readonly closed: number;
  readonly terminated: number;
}

test.skipIf(requirement('haproxy').missing)(
  `${count} clients move to another server when theirs shuts down, see only 1001, and lose no message`,
  async () => {
    const [one, two] = [start('server.ts', pace), start('server.ts', pace)];
    const ports = [await one.ask<number>('listen'), await two.ask<number>('listen')] as const;
    const proxy = await startProxy(haproxyOfSeveral, ports);
    onTestFinished(() => proxy.stop());
    const clients = start('clients.ts', count, proxy.plain, pace);
    await clients.ask('talk', MESSAGES);

    const began = performance.now();
    const { closed, terminated } = await one.ask<Shutdown>('shutdown', spread);
    const took = performance.now() - began;
    expect(closed).toBeGreaterThan(count / 4);
    expect(terminated).toBe(0);
    await clients.ask('talk', MESSAGES);
    expect(await two.ask('connections')).toBe(count);

    await clients.ask('stop');
    expect(await two.ask('shutdown', 0)).toEqual({ closed: count, terminated: 0 });
    const { acknowledged, received, codes, troubles } = await clients.ask<ClientsReport>('report');
    expect(troubles.slice(0, 10)).toEqual([]);
    expect(codes).toEqual({ 1001: count + closed });

    const servers = [await one.ask<ServerReport>('report'), await two.ask<ServerReport>('report')] as const;
    expect(servers.flatMap(({ errors }) => errors)).toEqual([]);
    const lost = Object.entries(acknowledged).filter(([client, numbers]) => {
      const stored = new Set(servers.flatMap((server) => server.stored[client] ?? []));
      return numbers.some((number, index) => number !== index + 1 || !stored.has(number));
    });
    expect(lost.slice(0, 10)).toEqual([]);
    expect({ ...servers[0].sent, ...servers[1].sent }).toEqual(received);
    if (isFull) {
      const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
      console.log({
        clients: count,
        moved: closed,
        'shutdown took, ms': Math.round(took),
        'messages acknowledged': sum(Object.values(acknowledged).map(({ length }) => length)),
        'messages of the servers': sum(Object.values(received)),
      });
    }
  },
);
