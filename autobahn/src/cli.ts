/** The command: tests servers, tests clients, or compares two results. */

import { readFile } from 'node:fs/promises';
import { HELP, readArguments, UsageError } from './arguments.ts';
import { ALL_CASES } from './cases/index.ts';
import { FuzzingServer } from './fuzzing-server.ts';
import { UnreachableError, testServer } from './fuzzing-client.ts';
import { compareIndexes, formatComparison } from './report/compare.ts';
import { buildIndex, parseIndex } from './report/index-json.ts';
import { Progress } from './report/progress.ts';
import { allPassed, formatSummary } from './report/summary.ts';
import { writeReports } from './report/write.ts';
import { SpecError, addressOf, isExcluded, selectCases } from './spec.ts';
import type { ClientArguments, ServerArguments } from './arguments.ts';
import type { Case } from './case.ts';
import type { Run } from './run.ts';

const FAILED = 1;
const USAGE_ERROR = 2;
const INTERRUPTED = 130;

process.exitCode = await main(process.argv.slice(2));

/** Returns the exit status. */
async function main(list: readonly string[]): Promise<number> {
  try {
    const wanted = readArguments(list);
    switch (wanted.mode) {
      case 'help':
        process.stdout.write(HELP);
        return 0;
      case 'compare':
        return await compare(wanted.before, wanted.after);
      case 'client':
        return await runClient(wanted);
      case 'server':
        return await runServer(wanted);
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof UsageError || error instanceof SpecError ? USAGE_ERROR : FAILED;
  }
}

async function runClient(wanted: ClientArguments): Promise<number> {
  const { spec, jobs, messages } = wanted;
  const cases = selected(wanted);
  const runs: Run[] = [];
  const interrupted = onInterrupt();
  let unreachable = false;
  for (const target of spec.servers) {
    const progress = new Progress(process.stderr, cases);
    const onRun = (run: Run) => {
      runs.push(run);
      progress.add(run);
    };
    const tested = testServer(target, { cases, selection: spec, jobs, messages, onRun, signal: interrupted });
    const stopped = new Promise<void>((resolve) => interrupted.addEventListener('abort', () => resolve()));
    try {
      await Promise.race([tested, stopped]);
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      unreachable = true;
      process.stderr.write(`${error.message}\n`);
    }
    progress.end();
    if (interrupted.aborted) break;
  }
  const status = await conclude(wanted, runs, cases);
  if (interrupted.aborted) process.exit(INTERRUPTED);
  return unreachable ? FAILED : status;
}

async function runServer(wanted: ServerArguments): Promise<number> {
  const { spec, out, port, host, messages } = wanted;
  const cases = selected(wanted);
  const interrupted = onInterrupt();
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  interrupted.addEventListener('abort', stop);
  const screens = new Map<string, Progress>();
  const server = new FuzzingServer({
    cases,
    selection: spec,
    limits: spec.limits,
    messages,
    onRun: (run) => {
      const progress = screens.get(run.agent) ?? new Progress(process.stderr, cases);
      screens.set(run.agent, progress);
      progress.add(run);
    },
    onReport: async () => {
      if (out !== null) await writeReports(out, server.runs, cases);
    },
    onStop: stop,
  });
  const listening = await server.listen(port, host);
  process.stderr.write(`waiting for clients on ${addressOf(host, listening)}\n`);
  await stopped;
  await server.close();
  const status = await conclude(wanted, server.runs, cases);
  return interrupted.aborted ? INTERRUPTED : status;
}

/** Writes the reports, prints the summary, and returns the exit status. */
async function conclude(
  { mode, out, strict, baseline, spec }: ClientArguments | ServerArguments,
  runs: readonly Run[],
  cases: readonly Case[],
): Promise<number> {
  // In the reports on a server, a case has its number in the whole list, as in the public suite.
  if (out !== null) await writeReports(out, runs, mode === 'client' ? ALL_CASES : cases);
  const agents = [...new Set(runs.map(({ agent }) => agent))];
  const runsOf = (agent: string) => runs.filter((run) => run.agent === agent);
  const casesOf = (agent: string) => cases.filter(({ id }) => !isExcluded(spec, agent, id));
  for (const agent of agents) process.stdout.write(formatSummary(agent, runsOf(agent), casesOf(agent)));
  // The baseline may have a single agent by another name.
  const single = agents.length === 1 ? agents[0] : undefined;
  if (baseline !== null) return judgeByBaseline(baseline, runs, (agent) => casesOf(single ?? agent));
  const passed =
    agents.length > 0 && agents.every((agent) => allPassed(runsOf(agent), casesOf(agent), strict));
  return passed ? 0 : FAILED;
}

/** Returns the exit status for a run that is compared with an index. `casesOf` returns the cases that were to be run for an agent. */
async function judgeByBaseline(
  file: string,
  runs: readonly Run[],
  casesOf: (agent: string) => readonly Case[],
): Promise<number> {
  const baseline = parseIndex(await readFile(file, 'utf8'));
  // A baseline may have more cases than were selected.
  const before = Object.fromEntries(
    Object.entries(baseline).map(([agent, entries]) => {
      const selectedIds = new Set(casesOf(agent).map(({ id }) => id));
      return [agent, Object.fromEntries(Object.entries(entries).filter(([id]) => selectedIds.has(id)))];
    }),
  );
  const comparison = compareIndexes(before, buildIndex(runs));
  process.stdout.write(`against ${file}:\n${formatComparison(comparison)}`);
  return comparison.changes.some(({ worse }) => worse) ? FAILED : 0;
}

async function compare(before: string, after: string): Promise<number> {
  const indexes = await Promise.all([before, after].map((file) => readFile(file, 'utf8').then(parseIndex)));
  const comparison = compareIndexes(indexes[0] ?? {}, indexes[1] ?? {});
  process.stdout.write(formatComparison(comparison));
  return comparison.changes.some(({ worse }) => worse) ? FAILED : 0;
}

function selected({ spec }: ClientArguments | ServerArguments): Case[] {
  const cases = selectCases(ALL_CASES, spec);
  if (cases.length === 0) throw new UsageError(`no case is selected by ${spec.cases.join(',')}`);
  return cases;
}

/** Returns a signal that the first Ctrl-C aborts. The second one ends the process. */
function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  return controller.signal;
}
