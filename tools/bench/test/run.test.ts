// The benchmark itself, in turns of a few milliseconds: each server answers correctly, and a run returns results.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirement } from '@framewire/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { peers } from '../src/peers.ts';
import type { Scenario } from '../src/plan.ts';
import { scenarioTable, targetTable } from '../src/report.ts';
import type { ScenarioResult } from '../src/results.ts';
import { Bench } from '../src/run.ts';
import { scenarios } from '../src/scenarios.ts';

const TINY = { rounds: 1, milliseconds: 10, warmUp: 5 };
const byDefault = peers.filter((peer) => peer.byDefault);
let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start(TINY);
});
afterAll(() => bench.stop());

/** The result of one scenario. */
async function measure(
  scenario: Scenario,
  some: Parameters<Bench['measure']>[1],
  on = bench,
): Promise<ScenarioResult> {
  const [result] = await on.measure([scenario], some);
  return result!;
}

/** A scenario with few connections. */
function small(name: string): Scenario {
  const scenario = scenarios.find((each) => each.name === name)!;
  return { ...scenario, connections: Math.min(4, scenario.connections) };
}

test('every server echoes what it receives, so that the run skips none', async () => {
  const result = await measure(small('echo-text'), byDefault);
  expect(result.skipped).toEqual([]);
  expect(result.results.map(({ peer }) => peer)).toEqual([
    'framewire',
    'ws',
    'ws-no-bufferutil',
    'websocket',
    'faye-websocket',
    'net',
    'bun',
    'deno',
  ]);
  for (const { samples } of result.results) expect(samples[0]?.rate).toBeGreaterThan(0);
});

test.each([
  'push-64',
  'broadcast-x10',
  'broadcast-deaf',
  'tls-64x1',
  'deflate-512x16-takeover',
  'upgrade',
  'client-1k',
  'echo-fragmented',
])('%s is measured for framewire and ws', async (name) => {
  const two = peers.filter((peer) => ['framewire', 'ws'].includes(peer.name));
  const result = await measure(small(name), two);
  expect(result.skipped).toEqual([]);
  for (const { samples } of result.results) expect(samples[0]?.cpu).toBeGreaterThan(0);
});

test('a text is broadcast in a loop, or published to a topic if there is one', async () => {
  const three = peers.filter(({ name }) => ['framewire', 'bun', 'bun-publish'].includes(name));
  for (const name of ['broadcast-deflate-x10', 'broadcast-deaf', 'echo-64x1']) {
    const { skipped, results } = await measure(small(name), three);
    expect(skipped).toEqual([]);
    const publishes = name === 'echo-64x1' ? [] : ['bun-publish'];
    expect(results.map(({ peer }) => peer)).toEqual(['framewire', 'bun', ...publishes]);
  }
});

test('the bare server echoes many short texts, and takes no part in other scenarios', async () => {
  const two = peers.filter(({ name }) => ['framewire', 'bare'].includes(name));
  for (const name of ['echo-64x16', 'echo-1kx16']) {
    const { skipped, results } = await measure(small(name), two);
    expect(skipped).toEqual([]);
    expect(results.map(({ peer }) => peer)).toEqual(
      name === 'echo-64x16' ? ['framewire', 'bare'] : ['framewire'],
    );
  }
  const partOf = (name: string): unknown => two[1]!.command(small(name), {});
  expect([partOf('echo-20x64'), partOf('echo-64x1'), partOf('push-64')]).toEqual([
    expect.anything(),
    undefined,
    undefined,
  ]);
});

test('how long the event loop was busy is measured for peers on Node, if a scenario asks for it', async () => {
  const three = peers.filter((peer) => ['framewire', 'ws', 'bun'].includes(peer.name));
  const { skipped, results } = await measure({ ...small('deflate-1m'), size: 64 * 1024 }, three);
  expect(skipped).toEqual([]);
  const held = new Map(results.map(({ peer, samples }) => [peer, samples[0]?.held]));
  expect(held.get('framewire')).toBeGreaterThan(0);
  expect(held.get('ws')).toBeGreaterThan(0);
  expect(held.get('bun')).toBeUndefined();
});

test('garbage collections are counted for peers on Node', async () => {
  const two = peers.filter(({ name }) => ['framewire', 'bun'].includes(name));
  // Long enough for several times as many bytes as V8 lets gather before it collects.
  const longer = await Bench.start({ ...TINY, milliseconds: 1000 });
  try {
    const { skipped, results } = await measure(
      { ...small('echo-1m'), size: 16 * 1024 * 1024, connections: 1 },
      two,
      longer,
    );
    expect(skipped).toEqual([]);
    const [ours, bun] = results.map(({ samples }) => samples[0]);
    expect(ours!.minor! + ours!.major!).toBeGreaterThan(0);
    expect(bun).not.toHaveProperty('major');
  } finally {
    await longer.stop();
  }
});

test('the memory of idle connections is measured', async () => {
  const two = peers.filter((peer) => ['ws', 'http'].includes(peer.name));
  // With so many connections, the memory that V8 frees meanwhile matters little. With 50, the figure was once negative.
  const { skipped, results } = await measure({ ...small('idle'), connections: 500 }, two);
  expect(skipped).toEqual([]);
  for (const { samples } of results)
    expect(Object.keys(samples[0] ?? {})).toEqual(['heap', 'rss', 'external']);
  const [ws, http] = results.map(({ samples }) => samples[0]?.heap);
  expect(ws).toBeGreaterThan(1);
  expect(http).toBeLessThan(ws!);
});

test.each(['framewire', 'ws'])('the cost of a ping is measured for %s', async (name) => {
  const two = peers.filter((peer) => [name, 'net'].includes(peer.name));
  const { skipped, results } = await measure({ ...small('heartbeat'), heartbeat: 300 }, two);
  expect(skipped).toEqual([]);
  expect(results.map(({ peer }) => peer)).toEqual([name]);
  expect(results[0]?.samples[0]?.cpu).toBeGreaterThan(0);
  expect(results[0]?.samples[0]?.cpu).not.toBe(Infinity);
});

test.skipIf(requirement('posix').missing)(
  'only servers and clients run on the given Node, each turn in a process of its own',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    const node = join(folder, 'node');
    const log = join(folder, 'log');
    writeFileSync(node, `#!/bin/sh\necho "$$ $@" >> '${log}'\nexec '${process.execPath}' "$@"\n`, {
      mode: 0o755,
    });
    const other = await Bench.start({ ...TINY, rounds: 2, node });
    try {
      const names = ['framewire', 'http', 'bun'];
      const some = peers.filter(({ name }) => names.includes(name));
      for (const scenario of ['push-64', 'client-64', 'idle']) {
        const { skipped } = await measure({ ...small(scenario), connections: 1 }, some, other);
        expect(skipped).toEqual([]);
      }
      const scripts = readFileSync(log, 'utf8').match(/[\w-]+(?=\.mjs )/g);
      expect(scripts).toEqual([
        'ws-like',
        'ws-like',
        'client',
        'client',
        'ws-like',
        'http',
        'http',
        'ws-like',
      ]);
      const pids = readFileSync(log, 'utf8').match(/^\d+/gm) ?? [];
      expect(new Set(pids).size).toBe(scripts!.length);
      for (const pid of pids) expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
    } finally {
      await other.stop();
      rmSync(folder, { recursive: true });
    }
  },
);

test('a Node binary that does not exist is named as the reason', async () => {
  const other = await Bench.start({ ...TINY, node: '/nowhere/node' });
  try {
    const result = await measure(small('push-64'), [peers[0]!], other);
    expect(result.results).toEqual([]);
    expect(result.skipped).toEqual([{ peer: 'framewire', reason: expect.stringContaining('/nowhere/node') }]);
  } finally {
    await other.stop();
  }
});

test('a peer that cannot be started is skipped with the reason, and the others are measured', async () => {
  const missing = {
    ...peers[0]!,
    name: 'missing',
    title: 'Missing',
    command: () => ({ program: process.execPath, args: ['-e', 'throw new Error("not here")'] }),
  };
  const result = await measure(small('echo-64x1'), [missing, peers[0]!]);
  expect(result.skipped).toEqual([{ peer: 'missing', reason: expect.stringContaining('not here') }]);
  expect(result.results.map(({ peer }) => peer)).toEqual(['framewire']);
  const run = { machine: {}, rounds: 1, quick: true, scenarios: [result] };
  expect(scenarioTable(result)).toContain('missing was skipped');
  expect(targetTable(run)).toContain('not measured');
});

test('a peer that fails in a later round has no figures, and is named once', async () => {
  let turns = 0;
  const tired = {
    ...peers[0]!,
    name: 'tired',
    command: (scenario: Scenario, task: Readonly<Record<string, unknown>>) =>
      ++turns === 2
        ? { program: process.execPath, args: ['-e', 'throw new Error("tired")'] }
        : peers[0]!.command(scenario, task),
  };
  const threeRounds = await Bench.start({ ...TINY, rounds: 3 });
  try {
    const { results, skipped } = await measure(small('client-1k'), [tired, peers[0]!], threeRounds);
    expect(skipped).toEqual([{ peer: 'tired', reason: expect.stringContaining('tired') }]);
    expect(results.map(({ peer, samples }) => [peer, samples.length])).toEqual([['framewire', 3]]);
    expect(turns).toBe(2);
  } finally {
    await threeRounds.stop();
  }
});

test('a server that echoes something else is not measured', async () => {
  const liar = {
    ...peers[0]!,
    name: 'liar',
    command: (scenario: Scenario, task: object) =>
      peers[0]!.command(scenario, { ...task, behaviour: 'push' }),
  };
  const result = await measure(small('echo-64x1'), [liar]);
  expect(result.skipped).toEqual([
    { peer: 'liar', reason: expect.stringContaining('the server sent a wrong message') },
  ]);
});

test('a peer runs the scenarios of a group one after the other in each round, and continues with the others if one fails', async () => {
  const turns: string[] = [];
  const observed = (name: string, fails: string) => ({
    ...peers[0]!,
    name,
    command: (scenario: Scenario, task: Readonly<Record<string, unknown>>) => {
      turns.push(`${name} ${scenario.name}`);
      if (scenario.name === fails) throw new Error('failed');
      return peers[0]!.command(scenario, task);
    },
  });
  const twoRounds = await Bench.start({ ...TINY, rounds: 2 });
  try {
    const group = [small('echo-64x1'), small('push-64')];
    const results = await twoRounds.measure(group, [observed('a', ''), observed('b', 'push-64')]);
    expect(turns).toEqual([
      ...['a echo-64x1', 'a push-64', 'b echo-64x1', 'b push-64'],
      ...['b echo-64x1', 'a echo-64x1', 'a push-64'],
    ]);
    expect(results.map(({ scenario }) => scenario)).toEqual(['echo-64x1', 'push-64']);
    const counts = results.map((each) => each.results.map(({ peer, samples }) => [peer, samples.length]));
    expect(counts).toEqual([
      [
        ['a', 2],
        ['b', 2],
      ],
      [['a', 2]],
    ]);
    expect(results[1]!.skipped).toEqual([{ peer: 'b', reason: 'failed' }]);
  } finally {
    await twoRounds.stop();
  }
});
