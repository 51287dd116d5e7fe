// The page of results, in Markdown: the machine and versions, the verdict on each target, a table for each scenario, and a picture.
import { chartOf } from './chart.ts';
import { RESULTS_FILE } from './committed.ts';
import { formatMedian, formatSpread } from './format.ts';
import {
  mainMetric,
  metricsOf,
  RATIO_HEADS,
  ratiosOf,
  TARGET_HEADS,
  targetCells,
  titleOfPeer,
  titleOfScenario,
} from './report.ts';
import { figure, METRICS, type RunResult, type ScenarioResult } from './results.ts';
import { judge } from './targets.ts';

/** The scenario that has a picture, because the README of the project shows it. */
const PICTURED = 'echo-64x16';

/** The files of a page, by name within its folder. */
export function resultFiles(run: RunResult): Map<string, string> {
  const files = new Map([[RESULTS_FILE, jsonOf(run)]]);
  for (const result of run.scenarios) {
    const svg = result.scenario === PICTURED ? chartOf(result, run) : undefined;
    if (svg !== undefined) files.set(pictureOf(result.scenario), `${svg}\n`);
  }
  files.set('README.md', pageOf(run, new Set(files.keys())));
  return files;
}

/** A run as a file. */
export function jsonOf(run: RunResult): string {
  return `${JSON.stringify(run, undefined, 2)}\n`;
}

/** The name of a scenario's picture, within the folder of the page. */
export function pictureOf(scenario: string): string {
  return `${scenario}.svg`;
}

function pageOf(run: RunResult, files: ReadonlySet<string>): string {
  const { machine, rounds, quick } = run;
  const turns = quick ? ' short' : '';
  return [
    '# Results',
    '<!-- prettier-ignore-start -->',
    `${rounds === 1 ? `Of one${turns} round` : `Medians of ${rounds}${turns} rounds`}. [The page of the benchmark](../README.md) says how to read them. Spreads and ratios are of the main figure of the scenario.`,
    table(['measured with', ''], Object.entries(machine)),
    ...targetsOf(run),
    ...run.scenarios.flatMap((result) => sectionOf(result, files)),
    '<!-- prettier-ignore-end -->',
  ]
    .join('\n\n')
    .concat('\n');
}

function targetsOf(run: RunResult): string[] {
  const verdicts = judge(run);
  if (verdicts.length === 0) return [];
  const met = verdicts.filter(({ verdict }) => verdict === 'met').length;
  const unsure = verdicts.filter(({ withinNoise }) => withinNoise).length;
  const rows = verdicts.map((verdict) => targetCells(verdict));
  return [
    '## Targets',
    run.rounds === 1
      ? `${met} of ${verdicts.length} are met, in a single round. It does not show the noise.`
      : `${met} of ${verdicts.length} are met. ${unsure} are met in some rounds only ("within the noise").`,
    table(TARGET_HEADS, rows),
  ];
}

function sectionOf(result: ScenarioResult, files: ReadonlySet<string>): string[] {
  const picture = pictureOf(result.scenario);
  const title = titleOfScenario(result.scenario);
  const skipped = result.skipped.map(
    ({ peer, reason }) => `${titleOfPeer(peer)} was skipped: ${reason.split('\n', 1).join()}.`,
  );
  return [
    `## ${title}`,
    ...(files.has(picture) ? [`![${title}](${picture})`] : []),
    ...(result.results.length > 0 ? [figuresOf(result)] : []),
    ...skipped,
  ];
}

function figuresOf(result: ScenarioResult): string {
  const metrics = metricsOf(result);
  const main = mainMetric(result) ?? 'cpu';
  const rows = result.results.map(({ peer, runtime }) => {
    const cells = metrics.map((metric) => formatMedian(figure(result, peer, metric), METRICS[metric].digits));
    const spread = formatSpread(figure(result, peer, main));
    return [titleOfPeer(peer), runtime, ...cells, spread, ...ratiosOf(result, peer, main)];
  });
  const heads = metrics.map((metric) => METRICS[metric].title);
  return table(['', 'runtime', ...heads, 'spread', ...RATIO_HEADS], rows);
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
