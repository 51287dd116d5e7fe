// The report in a terminal: a table for each scenario, and the targets at the end.
import Table from 'cli-table3';
import pc from 'picocolors';
import { formatMedian, formatRange, formatRatio, formatSpread, TABLE_STYLE } from './format.ts';
import { peers } from './peers.ts';
import {
  figure,
  METRICS,
  pairedRatio,
  type Figure,
  type Metric,
  type RunResult,
  type ScenarioResult,
} from './results.ts';
import { scenarios } from './scenarios.ts';
import { judge, OURS, type Target, type Verdict } from './targets.ts';

/** The peers whose figures are the divisors of the ratios. */
const REFERENCES = ['ws', 'net'] as const;

const RATIO_DIGITS = 2;

/** The heads of the columns of the ratios. */
export const RATIO_HEADS = REFERENCES.map((name) => `/ ${name}`);

/** The heads of the columns of verdicts. */
export const TARGET_HEADS = ['scenario', 'target', 'measured', 'rounds', ''];

/** The table of one scenario, and a line for each peer that was skipped. */
export function scenarioTable(result: ScenarioResult): string {
  const metrics = metricsOf(result);
  const main = mainMetric(result);
  if (main === undefined) return `${heading(result)}\n${skippedLines(result)}`;
  const table = new Table({
    head: ['', ...metrics.flatMap((metric) => headOf(metric, metric === main)), ...RATIO_HEADS],
    colAligns: ['left', ...metrics.flatMap(() => ['right' as const]), 'right', 'right', 'right'],
    ...TABLE_STYLE,
  });
  for (const { peer } of result.results) {
    const cells = metrics.flatMap((metric) => cellsOf(figure(result, peer, metric), metric, metric === main));
    const name = titleOfPeer(peer);
    table.push([peer === OURS ? pc.bold(name) : name, ...cells, ...ratiosOf(result, peer, main)]);
  }
  return `${heading(result)}\n${table.toString()}\n${skippedLines(result)}`;
}

/** The table of every target whose scenario was run: what it requires, what was measured, met or missed. */
export function targetTable(run: RunResult): string {
  const verdicts = judge(run);
  if (verdicts.length === 0) return '';
  const table = new Table({ head: TARGET_HEADS, ...TABLE_STYLE });
  for (const verdict of verdicts) table.push(targetRow(verdict));
  return `${pc.bold('Targets')}\n${table.toString()}\n`;
}

/** The cells of a verdict's row, without colour. */
export function targetCells({ target, measured, verdict, withinNoise, ofOneRound }: Verdict): string[] {
  const word = `${verdict}${withinNoise ? ', within the noise' : ''}${ofOneRound ? ' in one round' : ''}`;
  return [
    ...[target.scenario, describeTarget(target)],
    ...[formatMedian(measured, RATIO_DIGITS), formatRange(measured, RATIO_DIGITS), word],
  ];
}

/** A scenario's title, by its name. */
export function titleOfScenario(name: string): string {
  return scenarios.find((scenario) => scenario.name === name)?.title ?? name;
}

/** A peer's title, by its name. */
export function titleOfPeer(name: string): string {
  return peers.find((peer) => peer.name === name)?.title ?? name;
}

/** The metrics that were measured, in the order of their table. */
export function metricsOf(result: ScenarioResult): Metric[] {
  return (Object.keys(METRICS) as Metric[]).filter((metric) =>
    result.results.some(({ peer }) => figure(result, peer, metric) !== undefined),
  );
}

/** The main figure of a scenario, which its picture, spread and ratios show; undefined if nothing was measured. */
export function mainMetric(result: ScenarioResult): Metric | undefined {
  const wanted = scenarios.find(({ name }) => name === result.scenario)?.shows;
  const metrics = metricsOf(result);
  return wanted !== undefined && metrics.includes(wanted) ? wanted : metrics[0];
}

/** A peer's figure divided by that of each reference, marked if the ratio is rough. */
export function ratiosOf(result: ScenarioResult, peer: string, metric: Metric): string[] {
  return REFERENCES.map((other) => formatRatio(pairedRatio(result, peer, other, metric), RATIO_DIGITS));
}

/** What a target requires, in words. */
export function describeTarget({ metric, peer = '', other, bound }: Target): string {
  const what = METRICS[metric].title;
  const them = other === undefined ? peer : `${peer} in ${other}`;
  if ('gain' in bound) return `${what}: ${them} / ours >= ${bound.gain}`;
  if ('share' in bound) return `${what}: ours / ${them} <= ${bound.share}`;
  if ('excess' in bound) return `${what}: ours - ${them} <= ${bound.excess}`;
  return `${what}: ours <= ${bound.value}`;
}

function targetRow(verdict: Verdict): string[] {
  const colour = verdict.ofOneRound
    ? pc.dim
    : { met: pc.green, missed: pc.red, 'not measured': pc.dim }[verdict.verdict];
  const cells = targetCells(verdict);
  return [...cells.slice(0, -1), ...cells.slice(-1).map(colour)];
}

function headOf(metric: Metric, withSpread: boolean): string[] {
  const { title } = METRICS[metric];
  return withSpread ? [title, 'spread'] : [title];
}

function cellsOf(value: Figure | undefined, metric: Metric, withSpread: boolean): string[] {
  const text = formatMedian(value, METRICS[metric].digits);
  return withSpread ? [text, formatSpread(value)] : [text];
}

function heading({ scenario }: ScenarioResult): string {
  return `${pc.bold(titleOfScenario(scenario))} ${pc.dim(`(${scenario})`)}`;
}

function skippedLines({ skipped }: ScenarioResult): string {
  return skipped
    .map(({ peer, reason }) => `${titleOfPeer(peer)} was skipped: ${reason.split('\n', 1).join()}\n`)
    .join('');
}
