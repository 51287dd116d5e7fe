// The soak: a server under full load of compressed messages of all sizes for minutes, and what becomes of its memory.
import { LineChart } from 'echarts/charts';
import { GridComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { setTimeout } from 'node:timers/promises';
import { Child } from './child.ts';
import { formatNumber } from './format.ts';
import { findCores } from './pinning.ts';
import { nodeCommand } from './scripts.ts';

use([LineChart, GridComponent, TitleComponent, SVGRenderer]);

const CONNECTIONS = 64;
const MIB = 1024 * 1024;
const MINUTE = 60;

/** What the load has seen so far. */
interface Sums {
  readonly messages: number;
  readonly bytes: number;
  readonly connections: number;
  /** Echoes that were not what was sent. */
  readonly wrong: number;
}

/** A soak that is over. */
export interface SoakResult extends Sums {
  /** Seconds since the begin, and resident memory in MiB. */
  readonly samples: readonly (readonly [number, number])[];
}

/**
 * Runs a server with context takeover on both sides under load.
 *
 * @param seconds for how long
 * @param onSample is told each sample
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

/** What a person reads of it: what was done, and the memory of each minute. */
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

/** The picture: resident memory over time, as SVG. */
export function soakChart({ samples, messages }: SoakResult): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 760, height: 320 });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: {
      text: 'Memory under full load, compressed',
      subtext: `resident memory of the server in MiB; ${CONNECTIONS} connections with context takeover, ${formatNumber(messages, 0)} messages of 20 B to 250 kB`,
      left: 16,
      top: 12,
    },
    grid: { left: 60, right: 24, top: 84, bottom: 48 },
    xAxis: { type: 'value', name: 'seconds', nameLocation: 'middle', nameGap: 28, max: samples.at(-1)?.[0] },
    yAxis: { type: 'value', min: 0 },
    series: [
      {
        type: 'line',
        data: samples.map(([x, y]) => [x, y]),
        showSymbol: false,
        lineStyle: { color: '#0f766e' },
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
