// Saves and reads the results between servers.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RESULTS_FOLDER } from '../committed.ts';
import type { BrokersRun } from './plan.ts';
import { brokersPage } from './report.ts';

const DATA = 'brokers.json';
export const PAGE = 'brokers.md';

/** Writes a run and its page to a folder. */
export function saveBrokers(folder: string, run: BrokersRun): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, DATA), `${JSON.stringify(run, undefined, 2)}\n`);
  writeFileSync(join(folder, PAGE), brokersPage(run));
}

/** Rewrites the page of the committed results. Returns its name if it has changed. */
export function rewriteBrokersPage(run: BrokersRun): string[] {
  const path = join(RESULTS_FOLDER, PAGE);
  const page = brokersPage(run);
  if (existsSync(path) && readFileSync(path, 'utf8') === page) return [];
  writeFileSync(path, page);
  return [`results/${PAGE}`];
}

/** The committed results. Undefined if there are none. */
export function committedBrokers(): BrokersRun | undefined {
  const path = join(RESULTS_FOLDER, DATA);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as BrokersRun) : undefined;
}
