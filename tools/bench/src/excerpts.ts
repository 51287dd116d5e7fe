// The tables of committed results in READMEs and other pages.
import { readFileSync, writeFileSync } from 'node:fs';
import { formatMedian, formatRange, formatRatio, NOTHING } from './format.ts';
import { table } from './page.ts';
import { describeTarget, mainMetric, titleOfPeer, titleOfScenario } from './report.ts';
import {
  figure,
  METRICS,
  isRough,
  pairedRatio,
  type Metric,
  type Ratio,
  type RunResult,
  type ScenarioResult,
} from './results.ts';
import { judge, measure, OURS, targets, type Target } from './targets.ts';

/** A place for a table in a page. */
export interface Place {
  /** The file, from the root of the repository. */
  readonly file: string;
  /** The name of the place in the file. */
  readonly name: string;
}

/** A table with a row for each scenario and a column for each peer's figure. */
export interface Excerpt extends Place {
  readonly scenarios: readonly string[];
  readonly peers: readonly string[];
  readonly metrics: readonly Metric[];
}

/** Every table of peers. */
const excerpts: readonly Excerpt[] = [
  {
    file: 'README.md',
    name: 'speed',
    scenarios: ['echo-64x16', 'push-64', 'broadcast-x10', 'deflate-512x16', 'broadcast-deflate-x1'],
    peers: [OURS, 'ws', 'bun', 'bun-publish'],
    metrics: ['cpu'],
  },
  {
    file: 'packages/permessage-deflate/doc/speed.md',
    name: 'compressed echoes',
    scenarios: [
      ...['deflate-512x1', 'deflate-512x16', 'deflate-16k', 'deflate-64k', 'deflate-1m'],
      ...['deflate-512x1-default', 'deflate-16k-default', 'deflate-64k-default', 'deflate-1m-default'],
      ...['deflate-512x1-takeover', 'deflate-16k-takeover', 'deflate-16k-takeover-default'],
    ],
    peers: [OURS, 'ws', 'bun'],
    metrics: ['cpu', 'bytes'],
  },
  {
    file: 'packages/permessage-deflate/doc/speed.md',
    name: 'compressed broadcasts',
    scenarios: ['broadcast-x1', 'broadcast-deflate-x1', 'broadcast-deflate-x10'],
    peers: [OURS, 'ws', 'bun', 'bun-publish'],
    metrics: ['cpu'],
  },
  {
    file: 'packages/permessage-deflate/doc/speed.md',
    name: 'compressed and idle',
    scenarios: ['idle', 'idle-deflate', 'idle-takeover'],
    peers: [OURS, 'ws'],
    metrics: ['heap', 'rss', 'external'],
  },
];

const GAIN_DIGITS = 1;

/** The table in Markdown. A table of CPU time alone ends with the ratio of `ws` to ours. */
export function excerptTable(run: RunResult, { scenarios, peers, metrics }: Excerpt): string {
  const withGain = metrics.length === 1;
  const head = metrics.flatMap((metric) =>
    peers.map((peer) => `${titleOfPeer(peer)}, ${METRICS[metric].title}`),
  );
  const rows = scenarios.map((name) => {
    const result = run.scenarios.find(({ scenario }) => scenario === name);
    const cells = metrics.flatMap((metric) =>
      peers.map((peer) => formatMedian(figure(result, peer, metric), METRICS[metric].digits)),
    );
    const gain = pairedRatio(result, 'ws', OURS, 'cpu');
    return [titleOfScenario(name), ...cells, ...(withGain ? [formatRatio(gain, GAIN_DIGITS)] : [])];
  });
  return table(['', ...head, ...(withGain ? ['ws / framewire'] : [])], rows);
}

/** The peers that the table of Node versions compares with ours. */
const THEIRS = ['ws', 'node'];
const LINES: Place = { file: 'tools/bench/results/node-lines.md', name: 'node lines' };
const LIMITS: Place = { file: 'docs/explanation/limits-measured.md', name: 'limits' };

/**
 * The main figure of each scenario on each Node version, of ours, `ws` and Node's own client, in Markdown.
 *
 * @param runs one for each version
 */
export function linesTable(runs: readonly RunResult[]): string {
  const names = new Set(runs.flatMap(({ scenarios }) => scenarios.map(({ scenario }) => scenario)));
  const rows = [...names].map((name) => [
    titleOfScenario(name),
    ...runs.map(({ scenarios }) => cellOf(scenarios.find(({ scenario }) => scenario === name))),
  ]);
  return table(
    ['framewire : ws (ws / framewire)', ...runs.map(({ machine }) => `Node ${machine['node'] ?? ''}`)],
    rows,
  );
}

/** The figures of framewire, `ws` and, for clients, Node. The ratios in parentheses are the others divided by framewire. */
function cellOf(result: ScenarioResult | undefined): string {
  const metric = result && mainMetric(result);
  if (metric === undefined || !pairedRatio(result, 'ws', OURS, metric)) return NOTHING;
  const others = THEIRS.filter((peer) => figure(result, peer, metric) !== undefined);
  const figures = [OURS, ...others].map((peer) =>
    formatMedian(figure(result, peer, metric), METRICS[metric].digits),
  );
  const gains = others.map((peer) => pairedRatio(result, peer, OURS, metric));
  return `${figures.join(' : ')} (${gains.map(showGain).join(', ')})`;
}

/** In bold if framewire takes more, unless the ratio is rough. */
function showGain(gain: Ratio | undefined): string {
  const text = formatRatio(gain, GAIN_DIGITS);
  return gain !== undefined && Number(text) < 1 && !isRough(gain) ? `**${text}**` : text;
}

/** The peers without a WebSocket, which show the cost of Node's sockets alone. */
const FLOORS = ['net', 'http'];

/**
 * The targets that at least one run misses, in Markdown: the figure of each run, and that of raw sockets.
 *
 * @param runs one for each Node version; the first has the figures of raw sockets
 */
export function limitsTable(runs: readonly RunResult[]): string {
  const missed = targets.filter((target) =>
    runs.some((run) => judge(run, [target])[0]?.verdict === 'missed'),
  );
  const floorOf = (target: Target): string =>
    FLOORS.filter((floor) => floor !== target.peer)
      // A target that compares two scenarios of ours applies to two scenarios of raw sockets.
      .map(
        (floor) =>
          runs[0] &&
          measure(target.other === undefined ? target : { ...target, peer: floor }, runs[0], floor),
      )
      .map((value) => formatMedian(value, LIMIT_DIGITS))
      .find((text) => text !== NOTHING) ?? NOTHING;
  const rows = missed.map((target) => [
    ...[`\`${target.scenario}\``, describeTarget(target)],
    ...runs.map((run) => limitCell(run, target)),
    floorOf(target),
  ]);
  const heads = runs.map(({ machine }) => `Node ${machine['node'] ?? ''}`);
  return table(['scenario', 'target', ...heads, 'raw sockets'], rows);
}

const LIMIT_DIGITS = 2;

/** What a run measured, in bold if all of its rounds miss the target. */
function limitCell(run: RunResult, target: Target): string {
  const [verdict] = judge(run, [target]);
  if (!verdict?.measured) return NOTHING;
  const { measured, withinNoise } = verdict;
  const text = `${formatMedian(measured, LIMIT_DIGITS)} (${formatRange(measured, LIMIT_DIGITS)})`;
  return verdict.verdict === 'missed' && !withinNoise ? `**${text}**` : text;
}

/** Every table with its place. The last two compare the run with those on other Node versions. */
export function tablesOf(run: RunResult, others: readonly RunResult[]): (Place & { content: string })[] {
  return [
    ...excerpts.map((excerpt) => ({ ...excerpt, content: excerptTable(run, excerpt) })),
    { ...LINES, content: linesTable([run, ...others]) },
    { ...LIMITS, content: limitsTable([run, ...others]) },
  ];
}

/**
 * A text with a table in its place.
 *
 * @throws {Error} If the text has no place of that name.
 */
export function withTable(text: string, name: string, content: string): string {
  const begin = `<!-- figures: ${name} -->\n<!-- prettier-ignore-start -->\n`;
  const end = '\n<!-- prettier-ignore-end -->';
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`There is no place for the figures "${name}".`);
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`;
}

/** Puts the committed results, and those on other Node versions, into the pages; returns the files that have changed. */
export function refreshReadmes(run: RunResult, others: readonly RunResult[]): string[] {
  return putTables(tablesOf(run, others));
}

/** Puts tables into their places. Returns the files that have changed. */
export function putTables(tables: readonly (Place & { readonly content: string })[]): string[] {
  const files = new Set(tables.map(({ file }) => file));
  return [...files].filter((file) => {
    const path = pathOf(file);
    const before = readFileSync(path, 'utf8');
    const after = tables
      .filter((each) => each.file === file)
      .reduce((text, { name, content }) => withTable(text, name, content), before);
    if (after === before) return false;
    writeFileSync(path, after);
    return true;
  });
}

/** The URL of a file of the repository. */
export function pathOf(file: string): URL {
  return new URL(`../../../${file}`, import.meta.url);
}
