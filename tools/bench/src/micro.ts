// The micro-benchmarks of the codec's parts: their process, and the table of what they take.
import Table from 'cli-table3';
import pc from 'picocolors';
import { Child } from './child.ts';
import { formatNumber, TABLE_STYLE } from './format.ts';
import { findCores } from './pinning.ts';
import { nodeCommand } from './scripts.ts';
import { ratio } from './statistics.ts';

/** What one peer takes for one part. */
export interface MicroResult {
  readonly part: string;
  /** Bytes of the payload. */
  readonly size: number;
  readonly peer: string;
  /** Nanoseconds an operation, the median. */
  readonly ns: number;
}

/** Runs them in a process of plain Node, pinned to a core; each for so many milliseconds. */
export async function runMicro(milliseconds: number): Promise<MicroResult[]> {
  const { child } = await Child.start(nodeCommand('micro', {}, { core: findCores().measured }));
  try {
    return (await child.call('run', milliseconds)) as MicroResult[];
  } finally {
    await child.stop();
  }
}

/** One row for each part and size: the codec's time, the other's, and how many times as long that is. */
export function microTable(results: readonly MicroResult[]): string {
  const table = new Table({
    head: ['part', 'bytes', 'codec ns', 'beside', 'ns', '/ codec'],
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
