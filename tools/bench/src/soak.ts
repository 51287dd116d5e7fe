// The soak: a server under full load of compressed messages of many sizes, for minutes, and its memory over time.
import { setTimeout } from 'node:timers/promises';
import { Child } from './child.ts';
import { formatNumber } from './format.ts';
import { findCores } from './pinning.ts';
import { nodeCommand } from './scripts.ts';

const CONNECTIONS = 64;
const MIB = 1024 * 1024;
const MINUTE = 60;

/** What the load generator has counted so far. */
interface Sums {
  readonly messages: number;
  readonly bytes: number;
  readonly connections: number;
  /** Echoes that differ from what was sent. */
  readonly wrong: number;
}

/** The result of a soak. */
export interface SoakResult extends Sums {
  /** Seconds since the start, and resident memory in MiB. */
  readonly samples: readonly (readonly [number, number])[];
}

/**
 * Runs a server with context takeover on both sides under load.
 *
 * @param seconds how long it runs
 * @param onSample called with each sample
 */
export async function runSoak(
  seconds: number,
  onSample: (second: number, mib: number) => void,
): Promise<SoakResult> {
  const cores = findCores();
  const task = { library: 'framewire', behaviour: 'echo', compression: { takeover: true } };
  const server = await Child.start(nodeCommand('ws-like', task, { core: cores.measured }));
  try {
    const { port } = server.ready as { port: number };
    const load = await Child.start(
      nodeCommand('soak', { port, connections: CONNECTIONS }, { core: cores.load }),
    );
    try {
      const samples: [number, number][] = [];
      for (let second = 1; second <= seconds; second++) {
        await setTimeout(1000);
        const { rss } = (await server.child.call('memory')) as { rss: number };
        samples.push([second, rss / MIB]);
        onSample(second, rss / MIB);
      }
      return { samples, ...((await load.child.call('sums')) as Sums) };
    } finally {
      await load.child.stop();
    }
  } finally {
    await server.child.stop();
  }
}

/** The summary as text: the counts, and the memory of each minute. */
export function soakSummary({ samples, messages, bytes, connections, wrong }: SoakResult): string {
  const lines = [
    `${formatNumber(messages, 0)} messages, ${formatNumber(bytes / MIB, 0)} MiB, ${formatNumber(connections, 0)} connections, ${formatNumber(wrong, 0)} wrong echoes`,
  ];
  for (let start = 0; start < samples.length; start += MINUTE) {
    const minute = samples.slice(start, start + MINUTE).map(([, mib]) => mib);
    const mean = minute.reduce((sum, mib) => sum + mib, 0) / minute.length;
    lines.push(
      `minute ${formatNumber(start / MINUTE + 1, 0)}: ${formatNumber(mean, 1)} MiB resident (${formatNumber(Math.min(...minute), 1)} to ${formatNumber(Math.max(...minute), 1)})`,
    );
  }
  return lines.join('\n');
}
