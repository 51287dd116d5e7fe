// Where measured Node processes spend their time. V8 writes a profile of each at its end, and a table shows the shares.
import Table from 'cli-table3';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatNumber, TABLE_STYLE } from './format.ts';
import type { ScenarioResult } from './results.ts';

/** The used part of a `.cpuprofile`: the functions, and the function of each sample. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** V8's names for things that are not functions, and their names here. Those without a name here are not counted. */
const SPECIAL: Readonly<Record<string, string | undefined>> = {
  '(garbage collector)': 'garbage collector',
  '(program)': 'event loop, including reads',
  '(idle)': undefined,
  '(root)': undefined,
};
const NATIVE = 'system calls and native code';
/** Native zlib code counts as the function of node:zlib that calls it. */
const ZLIB = 'zlib';
/** The engine of `deflate`, the only module in WebAssembly that a measured server uses. */
const WEB_ASSEMBLY = 'WebAssembly';

/** The flags of Node for a profile of this peer in this scenario. */
export function profileFlags(folder: string, scenario: string, peer: string): string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${fileOf(scenario, peer)}`];
}

/** A table of shares of the busy time, in per cent: one row for each place, one column for each peer that has a profile in the folder. */
export function profileTable(folder: string, { scenario, results }: ScenarioResult): string {
  const columns = results
    .map(({ peer }) => ({ peer, file: join(folder, fileOf(scenario, peer)) }))
    .filter(({ file }) => existsSync(file))
    .map(({ peer, file }) => ({ peer, shares: sharesOf(readProfile(file)) }));
  const table = new Table({
    head: ['% of busy time', ...columns.map(({ peer }) => peer)],
    colAligns: ['left', ...columns.map(() => 'right' as const)],
    ...TABLE_STYLE,
  });
  for (const place of new Set(columns.flatMap(({ shares }) => [...shares.keys()]))) {
    table.push([place, ...columns.map(({ shares }) => formatNumber((shares.get(place) ?? 0) * 100, 1))]);
  }
  return table.toString();
}

/** The share of the busy time of each place, largest first. */
export function sharesOf({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const places = new Map(nodes.map((node) => [node.id, placeOf(node.callFrame)]));
  const times = new Map<string, number>();
  let busy = 0;
  for (const [i, id] of samples.entries()) {
    const place = places.get(id);
    if (place === undefined) continue;
    const time = timeDeltas[i] ?? 0;
    times.set(place, (times.get(place) ?? 0) + time);
    busy += time;
  }
  const sorted = [...times].sort(([, one], [, other]) => other - one);
  return new Map(sorted.map(([place, time]) => [place, time / busy]));
}

/** The owner of the code: the engine, Node, a package by its folder, or the measured program. */
function placeOf({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): string | undefined {
  if (Object.hasOwn(SPECIAL, functionName)) return SPECIAL[functionName];
  if (url === '') return NATIVE;
  if (url === 'node:zlib') return ZLIB;
  if (url.startsWith('wasm:')) return WEB_ASSEMBLY;
  if (url.startsWith('node:')) return "Node's own JavaScript";
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  return installed ?? /\/packages\/([^/]+)\//.exec(url)?.[1] ?? 'the program';
}

function fileOf(scenario: string, peer: string): string {
  return `${scenario}-${peer}.cpuprofile`;
}

function readProfile(file: string): CpuProfile {
  return JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
}
