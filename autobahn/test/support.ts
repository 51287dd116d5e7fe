/** Runs cases against a server or a client, and returns their verdicts by id. */

import { ALL_CASES } from '../src/cases/index.ts';
import { DEFAULT_LIMITS } from '../src/engine.ts';
import { testServer } from '../src/fuzzing-client.ts';
import { FuzzingServer } from '../src/fuzzing-server.ts';
import { formatVerdicts } from '../src/report/outcome.ts';
import { compareIds, selectCases } from '../src/spec.ts';
import { paceOf } from '../src/case.ts';
import type { Case } from '../src/case.ts';
import type { EngineLimits } from '../src/engine.ts';
import type { Run } from '../src/run.ts';

/** Verdicts by case, in the form of `formatVerdicts()`. */
export type Verdicts = Record<string, string>;

export function casesOf(patterns: string): Case[] {
  return selectCases(ALL_CASES, selection(patterns));
}

export function selection(patterns: string) {
  return { cases: patterns.split(','), excludeCases: [], excludeAgentCases: {} };
}

export function verdictsOf(runs: readonly Run[]): Verdicts {
  const sorted = [...runs].sort((a, b) => compareIds(a.testCase.id, b.testCase.id));
  return Object.fromEntries(sorted.map(({ testCase, verdict }) => [testCase.id, formatVerdicts(verdict)]));
}

const JOBS = 16;
const HEAVY_JOBS = 3;

/** What a test may change from the defaults. */
export interface Settings {
  readonly limits?: EngineLimits;
  /** The most compressed messages of a case. */
  readonly messages?: number;
}

/** Runs cases against a server on this port. */
export async function runServerCases(
  port: number,
  patterns: string,
  settings: Settings = {},
): Promise<Run[]> {
  const runs: Run[] = [];
  const { limits = DEFAULT_LIMITS, messages } = settings;
  const target = { agent: 'tested', origin: null, protocols: [], hostname: null, limits };
  const onRun = (run: Run) => runs.push(run);
  await testServer(
    { url: `ws://127.0.0.1:${port}`, ...target },
    { cases: casesOf(patterns), selection: selection(patterns), jobs: JOBS, messages, onRun },
  );
  return runs;
}

/** Runs cases with a client. `play` opens one connection to a URL, and resolves when it has ended. */
export async function runClientCases(
  patterns: string,
  play: (url: string) => Promise<void>,
  { limits = DEFAULT_LIMITS, messages }: Settings = {},
): Promise<Run[]> {
  const cases = casesOf(patterns);
  const server = new FuzzingServer({ cases, selection: selection(patterns), limits, messages });
  const port = await server.listen(0, '127.0.0.1');
  // As in a test of a server: timed cases must not run at the same time as cases that transfer megabytes.
  for (const [pace, jobs] of [
    ['light', JOBS],
    ['quiet', 1],
    ['heavy', HEAVY_JOBS],
  ] as const) {
    const waiting = cases.flatMap((testCase, index) => (paceOf(testCase) === pace ? [index + 1] : []));
    const work = async () => {
      for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
        await play(`ws://127.0.0.1:${port}/runCase?case=${number}&agent=tested`);
      }
    };
    await Promise.all(Array.from({ length: jobs }, work));
  }
  await server.settled();
  await server.close();
  return server.runs;
}
