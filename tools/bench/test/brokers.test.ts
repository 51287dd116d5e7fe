// Servers that a broker joins: a short run, the figures of runs, and the simulation.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { costsOf, limitOf, useOf, type Costs, type Deployment } from '../src/brokers/capacity.ts';
import { guideTables } from '../src/brokers/guide.ts';
import { workloads, type BrokerSample, type BrokersRun } from '../src/brokers/plan.ts';
import { brokersPage, brokersReport, toSocketIo } from '../src/brokers/report.ts';
import { QUICK_TURN, runBrokers } from '../src/brokers/run.ts';
import { committedBrokers, PAGE } from '../src/brokers/saving.ts';
import { committedResults, RESULTS_FOLDER } from '../src/committed.ts';
import { pathOf, withTable } from '../src/excerpts.ts';

const sample = (cpu: number, more: Partial<BrokerSample> = {}): BrokerSample => ({
  ...{ cpu, servers: [cpu, cpu, 0], engine: 1, rate: 1e6 / cpu, p50: 100, p99: 200 },
  ...more,
});

const runWith = (samples: Record<string, BrokerSample[]>, workload = 'pairs-x1'): BrokersRun => ({
  machine: { date: '2026-01-31' },
  rounds: 3,
  workloads: [
    { workload, results: Object.entries(samples).map(([peer, each]) => ({ peer, samples: each })) },
  ],
});

test('every message reaches each subscriber once and in order, in each workload, and is measured', async () => {
  const turns: string[] = [];
  const turn = { ...QUICK_TURN, warmUp: 1, measured: 1, slice: 10, messages: 10 };
  const rounds: BrokersRun[] = [];
  const run = await runBrokers({
    rounds: 1,
    turn,
    progress: ({ name }) => void turns.push(name),
    onRound: (each) => void rounds.push(each),
    only: ['hub'],
  });
  expect(rounds).toEqual([run]);
  expect(turns).toEqual(workloads.map(({ name }) => name));
  for (const { results } of run.workloads) {
    const [{ samples }] = results as [(typeof results)[number]];
    expect(samples).toHaveLength(1);
    const { cpu, servers, engine, rate, p50, p99 } = samples[0]!;
    for (const figure of [cpu, ...servers, rate, p50, p99]) expect(figure).toBeGreaterThan(0);
    expect(p99).toBeGreaterThanOrEqual(p50);
    expect(engine).toBeUndefined();
  }
});

test('the ratio to socket.io is taken within each round, and the page and the report have the verdict', () => {
  const run = runWith({
    redis: [sample(10), sample(30), sample(20)],
    'socket.io': [sample(40), sample(50), sample(40)],
  });
  expect(toSocketIo(run, 'pairs-x1', 'redis')).toMatchObject({ median: 0.5, lowest: 0.25, highest: 0.6 });
  expect(toSocketIo(run, 'pairs-x1', 'nats')).toBeUndefined();
  const page = brokersPage(run);
  expect(page).toContain('| pairs-x1 | 0.50 | 0.25 to 0.60 | met | - |');
  expect(page).toContain('| framewire, Redis | 20.0 | 1.0 | 50,000 | 100 | 200 | 100 % | 0.50 |');
  expect(brokersReport(run)).toContain('0.25 to 0.60');
});

const COSTS: Costs = { publish: 30, receive: 20, deliver: 2, engineReceive: 5, engineSend: 3 };

test('the costs of each step are solved from three workloads', () => {
  const { publish, receive, deliver, engineReceive, engineSend } = COSTS;
  const parts: [string, BrokerSample][] = [
    [
      'one-way-x1',
      sample(1, { servers: [publish, receive + deliver, 0], engine: engineReceive + engineSend }),
    ],
    ['pairs-x1', sample(1, { engine: engineReceive + 2 * engineSend })],
    ['rooms-x1', sample(1, { servers: [publish + 2 * receive, 100 * deliver, 0] })],
  ];
  const run = {
    ...runWith({}),
    workloads: parts.flatMap(([name, each]) => runWith({ redis: [each] }, name).workloads),
  };
  const costs = costsOf(run, 'redis');
  for (const [name, cost] of Object.entries<number>({ ...COSTS }))
    expect(costs[name as keyof Costs]).toBeCloseTo(cost);
  expect(() => costsOf(runWith({}), 'redis')).toThrow('redis was not measured in one-way-x1');
});

test('a message costs time on each server with a subscriber, and the part that is used up first is the limit', () => {
  const pairs: Deployment = { title: '', clients: 1000, members: 2, rate: 1 };
  expect(useOf(COSTS, pairs, 1).server).toBeCloseTo((1000 * (30 + 20 + 2 * 2)) / 1e6);
  expect(useOf(COSTS, pairs, 1).engine).toBeCloseTo((1000 * (5 + 3)) / 1e6);
  // Two subscribers are at one server as often as at two.
  expect(useOf(COSTS, pairs, 2).server).toBeCloseTo((1000 * (30 + 1.5 * 20 + 2 * 2)) / 1e6);
  expect(useOf(COSTS, pairs, 2).engine).toBeCloseTo((2000 * (5 + 1.5 * 3)) / 1e6);
  expect(limitOf(COSTS, pairs)).toEqual({ servers: 92, part: 'engine' });
  expect(limitOf(COSTS, { ...pairs, members: 'all', rate: 1 })).toEqual(undefined);
  expect(limitOf(COSTS, { ...pairs, members: 'all', rate: 1000 })).toEqual({
    servers: 1,
    part: 'server',
  });
  expect(limitOf({ ...COSTS, engineReceive: 0, engineSend: 0.1 }, { ...pairs, members: 10 })?.part).toBe(
    'network',
  );
});

test('the page of results and the tables of the guide are those of the committed results', () => {
  const [run, brokers] = [committedResults()!, committedBrokers()!];
  expect(readFileSync(join(RESULTS_FOLDER, PAGE), 'utf8')).toBe(brokersPage(brokers));
  for (const { file, name, content } of guideTables(run, brokers)) {
    expect(content).not.toContain('NaN');
    const text = readFileSync(pathOf(file), 'utf8');
    // `npm run bench -- --readme` writes them.
    expect(withTable(text, name, content), name).toBe(text);
  }
});
