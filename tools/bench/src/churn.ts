// The churn: rounds of connections that open, exchange compressed messages and leave, and the memory of the server in each round.
import Table from 'cli-table3';
import { Child } from './child.ts';
import { formatNumber, TABLE_STYLE } from './format.ts';
import type { Peer } from './peers.ts';
import { findCores } from './pinning.ts';
import type { Scenario } from './plan.ts';
import type { Memory } from './run.ts';
import { loadCommand } from './scripts.ts';

const MIB = 1024 * 1024;
/** What the resident memory after the last round may be, divided by that after the first. */
const MOST_GROWTH = 1.1;

/** How much is done. */
export interface ChurnSettings {
  readonly rounds: number;
  /** The connections of each round. */
  readonly connections: number;
  /** The Node that the server runs on. Default: this one. */
  readonly node?: string | undefined;
}

/** What `--churn` runs. */
export const CHURN: ChurnSettings = { rounds: 10, connections: 10_000 };

/** The memory of the server in one round, in bytes after a collection. */
export interface ChurnRound {
  /** When every connection has received its echoes. */
  readonly connected: Memory;
  /** When every connection has closed. */
  readonly left: Memory;
}

/** The result of a churn. */
export interface ChurnResult {
  readonly peer: string;
  readonly runtime: string;
  readonly connections: number;
  readonly rounds: readonly ChurnRound[];
}

/** Four messages of 16 KiB in each direction, which fill both windows of 32 KiB. */
function scenarioOf(connections: number): Scenario {
  return {
    ...{ name: 'churn', title: 'Churn', kind: 'echo', payload: 'json', connections },
    ...{ size: 16 * 1024, burst: 4, compression: { takeover: true } },
  };
}

/**
 * Runs a server with context takeover on both sides, and all rounds of its connections.
 *
 * @param onRound called with the number of each round when it begins
 */
export async function runChurn(
  peer: Peer,
  { rounds, connections, node = process.execPath }: ChurnSettings,
  onRound: (round: number) => void = () => undefined,
): Promise<ChurnResult> {
  const cores = findCores();
  const scenario = scenarioOf(connections);
  const command = await peer.command(scenario, { behaviour: 'echo', compression: scenario.compression });
  if (!command) throw new Error(`${peer.title} does not compress`);
  const server = await Child.start({ ...command, program: node, core: cores.measured });
  try {
    const { port, runtime } = server.ready as { port: number; runtime: string };
    const load = await Child.start(loadCommand(cores.load));
    const memory = async (): Promise<Memory> => (await server.child.call('memory')) as Memory;
    try {
      const results: ChurnRound[] = [];
      for (let round = 1; round <= rounds; round++) {
        onRound(round);
        await load.child.call('open', { scenario, port });
        await load.child.call('run', 0);
        const connected = await memory();
        await load.child.call('leave');
        await server.child.call('allClosed');
        results.push({ connected, left: await memory() });
      }
      return { peer: peer.title, runtime, connections, rounds: results };
    } finally {
      await load.child.stop();
    }
  } finally {
    await server.child.stop();
  }
}

/** The memory of each round as a table, and the growth of the resident memory with its target. */
export function churnSummary({ peer, runtime, connections, rounds }: ChurnResult): string {
  const table = new Table({
    head: ['round', 'RSS MiB', 'heap MiB', 'RSS MiB, all left', 'heap MiB, all left'],
    colAligns: ['right', 'right', 'right', 'right', 'right'],
    ...TABLE_STYLE,
  });
  const mib = (bytes: number): string => formatNumber(bytes / MIB, 1);
  for (const [i, { connected, left }] of rounds.entries()) {
    table.push([i + 1, mib(connected.rss), mib(connected.heap), mib(left.rss), mib(left.heap)]);
  }
  const growth = (when: keyof ChurnRound): number =>
    (rounds.at(-1)?.[when].rss ?? Number.NaN) / (rounds[0]?.[when].rss ?? Number.NaN);
  const verdict = growth('left') <= MOST_GROWTH ? 'met' : 'missed';
  return [
    `${peer}, ${runtime}, ${formatNumber(connections, 0)} connections a round`,
    table.toString(),
    `RSS of the last round / the first: ${formatNumber(growth('left'), 2)} after all have left (at most ${MOST_GROWTH}: ${verdict}), ${formatNumber(growth('connected'), 2)} before`,
  ].join('\n');
}
