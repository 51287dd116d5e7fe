// The micro-benchmarks of the codec's parts: their processes, and the table of their times.
import Table from 'cli-table3';
import pc from 'picocolors';
import { Child } from './child.ts';
import { formatNumber, TABLE_STYLE } from './format.ts';
import { findCores } from './pinning.ts';
import { nodeCommand, WITH_BUFFERUTIL, WITHOUT_BUFFERUTIL } from './scripts.ts';
import { ratio } from './statistics.ts';

/** The time of one peer for one part. */
export interface MicroResult {
  readonly part: string;
  /** Bytes of the payload. */
  readonly size: number;
  readonly peer: string;
  /** Nanoseconds an operation, the median. */
  readonly ns: number;
}

/**
 * Runs the micro-benchmarks in two processes of plain Node, which take turns on one core. One measures the codec without `bufferutil`,
 * which it would use for long data. The other measures the other libraries, with `bufferutil`.
 *
 * @param milliseconds how long each part runs in each size
 */
export async function runMicro(milliseconds: number): Promise<MicroResult[]> {
  const core = findCores().measured;
  const codec = await Child.start(nodeCommand('micro', { ours: true }, { core, env: WITHOUT_BUFFERUTIL }));
  try {
    const others = await Child.start(nodeCommand('micro', { ours: false }, { core, env: WITH_BUFFERUTIL }));
    try {
      const results: MicroResult[] = [];
      for (const part of codec.ready as string[]) {
        for (const { child } of [codec, others]) {
          results.push(...((await child.call('run', { part, milliseconds })) as MicroResult[]));
        }
      }
      return results;
    } finally {
      await others.child.stop();
    }
  } finally {
    await codec.child.stop();
  }
}

/** One row for each part and size: the codec's time, the other's, and the quotient of the two. */
export function microTable(results: readonly MicroResult[]): string {
  const table = new Table({
    head: ['part', 'bytes', 'codec ns', 'other', 'ns', '/ codec'],
    colAligns: ['left', 'right', 'right', 'left', 'right', 'right'],
    ...TABLE_STYLE,
  });
  for (const other of results.filter(({ peer }) => peer !== 'codec')) {
    const { part, size, peer, ns } = other;
    const own = results.find((each) => each.peer === 'codec' && each.part === part && each.size === size)?.ns;
    const times = ratio(ns, own);
    const ours = own === undefined ? '-' : formatNumber(own, 1);
    table.push([part, formatNumber(size, 0), pc.bold(ours), peer, formatNumber(ns, 1), times.toFixed(2)]);
  }
  return table.toString();
}
