// The tables of the guide "More than one server".
import type { Place } from '../excerpts.ts';
import { formatMedian, formatNumber, formatSpread } from '../format.ts';
import { titleOfScenario } from '../report.ts';
import { figure, type RunResult } from '../results.ts';
import { table } from '../page.ts';
import { OURS } from '../targets.ts';
import { costsTable, limitsTable, useTable } from './capacity.ts';
import { brokerPeers, type BrokersRun } from './plan.ts';
import { brokerFigure } from './report.ts';

const FILE = 'docs/guides/more-than-one-server.md';
const MICROSECONDS = 1e6;
const KB_A_GB = 1e9 / 1024;

/** The scenarios that show how much one server does on a core and in memory. */
const ON_ONE_CORE = ['echo-64x1', 'echo-64x16', 'broadcast-x1', 'broadcast-x10', 'upgrade'];
const IDLE = ['idle', 'idle-deflate'];

const WORKLOAD = 'pairs-x16';
const ONE_AT_A_TIME = 'pairs-x1';

/** Every table with its place. */
export function guideTables(run: RunResult, brokers: BrokersRun): (Place & { content: string })[] {
  return [
    { file: FILE, name: 'one core', content: oneCoreTable(run) },
    { file: FILE, name: 'brokers', content: brokersTable(brokers) },
    { file: FILE, name: 'costs', content: costsTable(brokers) },
    { file: FILE, name: 'limits', content: limitsTable(brokers) },
    { file: FILE, name: 'use', content: useTable(brokers) },
  ];
}

/** How much work fits on one core, and how many idle connections fit into memory. */
function oneCoreTable(run: RunResult): string {
  const find = (name: string): RunResult['scenarios'][number] | undefined =>
    run.scenarios.find(({ scenario }) => scenario === name);
  const busy = ON_ONE_CORE.map((name) => {
    const cpu = figure(find(name), OURS, 'cpu')?.median ?? Number.NaN;
    const unit = name === 'upgrade' ? 'connections opened and closed' : 'messages sent to clients';
    return [titleOfScenario(name), `${rounded(MICROSECONDS / cpu)} ${unit} a second`];
  });
  const idle = IDLE.map((name) => {
    const memory = figure(find(name), OURS, 'rss')?.median ?? Number.NaN;
    return [titleOfScenario(name), `${rounded(KB_A_GB / memory)} connections in 1 GB`];
  });
  return table(['', 'one core, or 1 GB'], [...busy, ...idle]);
}

/** Rounds to two digits, because more mean nothing on another machine. */
function rounded(value: number): string {
  return formatNumber(Number(value.toPrecision(2)), 0);
}

/** The figures of each broker. */
function brokersTable(run: BrokersRun): string {
  const rows = brokerPeers.map(({ name, title }) => {
    const cpuOfOne = brokerFigure(run, ONE_AT_A_TIME, name, ({ cpu }) => cpu);
    const cpu = brokerFigure(run, WORKLOAD, name, (sample) => sample.cpu);
    return [
      title,
      formatMedian(cpuOfOne, 1),
      formatSpread(cpuOfOne),
      formatMedian(cpu, 1),
      formatSpread(cpu),
      formatMedian(
        brokerFigure(run, WORKLOAD, name, ({ rate }) => rate),
        0,
      ),
      formatMedian(
        brokerFigure(run, ONE_AT_A_TIME, name, ({ p50 }) => p50),
        0,
      ),
      formatMedian(
        brokerFigure(run, ONE_AT_A_TIME, name, ({ p99 }) => p99),
        0,
      ),
    ];
  });
  return table(
    [
      '',
      'CPU µs a delivery, one message at a time',
      'spread',
      '16 at a time',
      'spread',
      'deliveries/s, 16 at a time',
      'p50 µs',
      'p99 µs',
    ],
    rows,
  );
}
