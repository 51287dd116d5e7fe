/** Formats the lines of the self-check: a tick or a cross, the check, its duration, and its result. */

import pc from 'picocolors';
import type { StepResult } from './self-check.ts';

type Colors = ReturnType<typeof pc.createColors>;

const TITLE_WIDTH = 34;
const TIME_WIDTH = 10;

/** Colours for a stream: none if it is not a terminal, or if NO_COLOR is set (https://no-color.org). */
export function colorsFor(stream: { isTTY?: boolean }): Colors {
  return pc.createColors(stream.isTTY === true && !process.env['NO_COLOR']);
}

/** The line of one step. */
export function formatStep(result: StepResult, colors: Colors): string {
  const title = result.title.padEnd(TITLE_WIDTH);
  const time = formatTime(result.milliseconds).padStart(TIME_WIDTH);
  switch (result.outcome) {
    case 'passed':
      return `  ${colors.green('✔')} ${title}${time}   ${colors.dim(result.detail)}`;
    case 'failed':
      return `  ${colors.red('✖')} ${title}${time}   ${colors.red(result.detail)}`;
    case 'skipped':
      return colors.dim(`  - ${title}${' '.repeat(TIME_WIDTH)}   ${result.detail}`);
  }
}

/** The closing line. */
export function formatSummary(results: StepResult[], colors: Colors): string {
  const passed = results.filter((result) => result.outcome === 'passed').length;
  const total = results.reduce((sum, result) => sum + result.milliseconds, 0);
  const line = `${passed} of ${results.length} steps passed in ${formatTime(total)}`;
  return passed === results.length ? `  ${colors.bold(line)}` : `  ${colors.bold(colors.red(line))}`;
}

function formatTime(milliseconds: number): string {
  return `${milliseconds.toFixed(1)} ms`;
}
