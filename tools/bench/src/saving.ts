// Writes the files of `--save`: the results of the main line of Node with their page and picture, or those of another line.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  droppedFrom,
  fileOfLine,
  lineOf,
  MAIN_LINE,
  RESULTS_FILE,
  resultsIn,
  withEarlier,
} from './committed.ts';
import { jsonOf, pictureOf, resultFiles } from './page.ts';
import type { RunResult } from './results.ts';

/**
 * Writes a run to a folder, with the scenarios of earlier results there that were measured in the same way. Only the main line of Node has a
 * page and a picture.
 *
 * @returns the scenarios of earlier results that are dropped
 */
export function save(folder: string, made: RunResult): string[] {
  const line = lineOf(made.machine['node']);
  const isOther = line !== MAIN_LINE;
  const file = isOther ? fileOfLine(line) : RESULTS_FILE;
  const earlier = resultsIn(folder, file);
  const run = withEarlier(earlier, made);
  const dropped = droppedFrom(earlier, run);
  mkdirSync(folder, { recursive: true });
  if (isOther) {
    writeFileSync(join(folder, file), jsonOf(run));
    return dropped;
  }
  const files = resultFiles(run);
  const gone = [...dropped, ...run.scenarios.map(({ scenario }) => scenario)].map(pictureOf);
  // If every peer was skipped, there is no picture either.
  for (const name of gone) rmSync(join(folder, name), { force: true });
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
  return dropped;
}

/** Rewrites the page and the picture of the results in a folder. Returns the files that have changed. */
export function rewritePage(folder: string): string[] {
  const run = resultsIn(folder, RESULTS_FILE);
  if (!run) return [];
  const changed = [...resultFiles(run)].filter(([name, content]) => {
    const path = join(folder, name);
    return name !== RESULTS_FILE && !(existsSync(path) && readFileSync(path, 'utf8') === content);
  });
  for (const [name, content] of changed) writeFileSync(join(folder, name), content);
  return changed.map(([name]) => name);
}
