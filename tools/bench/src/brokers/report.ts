// The results of a run between servers: figures, the tables in a terminal, and the page of results.
import Table from 'cli-table3';
import pc from 'picocolors';
import { formatMedian, formatRange, formatRatio, formatSpread, NOTHING, TABLE_STYLE } from '../format.ts';
import { figureOf, type Figure, type Ratio } from '../results.ts';
import { table } from '../page.ts';
import {
  brokerPeers,
  FLOOR,
  OURS_ON_REDIS,
  SOCKET_IO,
  workloads,
  type BrokerSample,
  type BrokersRun,
  type WorkloadResult,
} from './plan.ts';

/** The figures of a peer in a workload. */
const METRICS = {
  cpu: { title: 'CPU µs a delivery', digits: 1 },
  engine: { title: 'engine CPU µs a message', digits: 1 },
  rate: { title: 'deliveries/s', digits: 0 },
  p50: { title: 'p50 µs', digits: 0 },
  p99: { title: 'p99 µs', digits: 0 },
} as const;

type Metric = keyof typeof METRICS;

const HEADS = [...Object.values(METRICS).map(({ title }) => title), 'spread', '/ socket.io'];

/** The target: the CPU time of ours on Redis, as a fraction of that of socket.io. */
const TARGET = 0.5;

/** The samples of a peer in a workload. Empty if it had no turn. */
export function samplesOf(run: BrokersRun, workload: string, peer: string): readonly BrokerSample[] {
  const result = run.workloads.find((each) => each.workload === workload);
  return result?.results.find((each) => each.peer === peer)?.samples ?? [];
}

/** A figure of a peer in a workload. Undefined if it was not measured. */
export function brokerFigure(
  run: BrokersRun,
  workload: string,
  peer: string,
  value: (sample: BrokerSample) => number | undefined,
): Figure | undefined {
  const values = samplesOf(run, workload, peer)
    .map(value)
    .filter((each) => each !== undefined);
  return values.length === 0 ? undefined : figureOf(values);
}

/** A peer's CPU time divided by that of socket.io, within each round. Undefined if one of them was not measured. */
export function toSocketIo(run: BrokersRun, workload: string, peer: string): Ratio | undefined {
  const ours = samplesOf(run, workload, peer);
  const theirs = samplesOf(run, workload, SOCKET_IO);
  const rounds = ours.flatMap(({ cpu }, round) => {
    const other = theirs[round]?.cpu;
    return other === undefined ? [] : [cpu / other];
  });
  if (rounds.length === 0) return undefined;
  const median = (samples: readonly BrokerSample[]): number => figureOf(samples.map(({ cpu }) => cpu)).median;
  return { ...figureOf(rounds), ofMedians: median(ours) / median(theirs) };
}

/** The tables of a run, for a terminal. */
export function brokersReport(run: BrokersRun): string {
  const tables = run.workloads.map(({ workload, results }) => {
    const shown = new Table({
      head: ['', ...HEADS],
      colAligns: ['left', ...HEADS.map(() => 'right' as const)],
      ...TABLE_STYLE,
    });
    shown.push(...results.map(({ peer }) => rowOf(run, workload, peer)));
    return `${pc.bold(titleOf(workload))} (${workload})\n${shown.toString()}`;
  });
  const verdicts = new Table({ head: VERDICT_HEADS, ...TABLE_STYLE });
  verdicts.push(...verdictsOf(run));
  return [...tables, `${pc.bold('Target')}\n${verdicts.toString()}`].join('\n\n');
}

/** The page of a run, in Markdown. */
export function brokersPage(run: BrokersRun): string {
  return [
    '# Results between servers',
    '<!-- prettier-ignore-start -->',
    `${run.rounds === 1 ? 'Of one round' : `Medians of ${run.rounds} rounds`}: two servers in processes of their own, joined by a broker. [The page of the benchmark](../README.md#between-servers) says how they are measured, and how to read them.`,
    table(['measured with', ''], Object.entries(run.machine)),
    '## Target',
    `CPU time of the servers for each message that a subscriber receives: framewire with Redis takes at most ${TARGET} of what socket.io with its Redis adapter takes. The floor is the same ratio for the client of Redis with raw sockets. It gives each message to Redis as a command of its own. framewire puts the messages that a turn publishes to a topic into one command, so with 16 messages at a time it can take less than the floor.`,
    table(VERDICT_HEADS, verdictsOf(run)),
    ...run.workloads.flatMap((result) => [`## ${titleOf(result.workload)}`, tableOf(run, result)]),
    '<!-- prettier-ignore-end -->',
  ]
    .join('\n\n')
    .concat('\n');
}

const VERDICT_HEADS = ['workload', 'framewire / socket.io', 'rounds', '', 'floor'];

function verdictsOf(run: BrokersRun): string[][] {
  return run.workloads.map(({ workload }) => {
    const measured = toSocketIo(run, workload, OURS_ON_REDIS);
    const floor = formatRatio(toSocketIo(run, workload, FLOOR), 2);
    if (measured === undefined) return [workload, NOTHING, NOTHING, 'not measured', floor];
    const verdict = measured.median <= TARGET ? 'met' : 'missed';
    return [workload, formatRatio(measured, 2), formatRange(measured, 2), verdict, floor];
  });
}

function tableOf(run: BrokersRun, { workload, results }: WorkloadResult): string {
  return table(
    ['', ...HEADS],
    results.map(({ peer }) => rowOf(run, workload, peer)),
  );
}

function rowOf(run: BrokersRun, workload: string, peer: string): string[] {
  const figures = Object.keys(METRICS).map((metric) =>
    brokerFigure(run, workload, peer, (sample) => sample[metric as Metric]),
  );
  const cells = Object.values(METRICS).map(({ digits }, index) => formatMedian(figures[index], digits));
  return [
    titleOfPeer(peer),
    ...cells,
    formatSpread(figures[0]),
    formatRatio(toSocketIo(run, workload, peer), 2),
  ];
}

/** The title of a peer in tables. */
export function titleOfPeer(name: string): string {
  return brokerPeers.find((peer) => peer.name === name)?.title ?? name;
}

function titleOf(name: string): string {
  return workloads.find((workload) => workload.name === name)?.title ?? name;
}
