// The command: reads the options, measures, and reports.
import { HELP, readArguments, type Arguments } from './arguments.ts';
import { QUICK_TURN as QUICK_BROKERS_TURN, runBrokers, TURN as BROKERS_TURN } from './brokers/run.ts';
import { brokersReport } from './brokers/report.ts';
import { committedBrokers, rewriteBrokersPage, saveBrokers } from './brokers/saving.ts';
import { guideTables } from './brokers/guide.ts';
import { compressionTables, runCompression } from './compression.ts';
import { CHURN, churnSummary, runChurn, type ChurnResult } from './churn.ts';
import { committedFor, committedLines, committedResults, RESULTS_FOLDER } from './committed.ts';
import { compare, describeComparison, ONE_ROUND } from './compare.ts';
import { putTables, refreshReadmes } from './excerpts.ts';
import { describeMachine, versionOfNode } from './machine.ts';
import { microTable, runMicro } from './micro.ts';
import { peers } from './peers.ts';
import type { Scenario } from './plan.ts';
import { profileTable } from './profile.ts';
import { ProgressLine } from './progress.ts';
import { scenarioTable, targetTable } from './report.ts';
import type { RunResult, ScenarioResult } from './results.ts';
import { Bench, type Settings } from './run.ts';
import { rewritePage, save } from './saving.ts';
import { runSoak, soakSummary } from './soak.ts';
import { QUICK_IDLE_CONNECTIONS, scenarios } from './scenarios.ts';
import { groupsOf } from './targets.ts';

const TURN = { milliseconds: 500, warmUp: 400 };
const QUICK_TURN = { milliseconds: 300, warmUp: 250 };
/** How long each peer runs each part of the codec, in ms. */
const MICRO_MS = 200;
const QUICK_MICRO_MS = 50;
/** Over how many connections figures of compression are averaged. */
const COMPRESSION_ROUNDS = 100;
const QUICK_COMPRESSION_ROUNDS = 20;

process.exitCode = await main(process.argv.slice(2));

/** Returns the exit code. */
async function main(words: readonly string[]): Promise<number> {
  let args: Arguments;
  try {
    args = readArguments(words);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  if (args.help) console.log(HELP.trimEnd());
  else if (args.list) console.log(listOfNames());
  else if (args.readme) return refresh();
  else if (args.micro) await measureParts(args);
  else if (args.soak !== undefined) await soak(args, args.soak);
  else if (args.churn) await churn(args);
  else if (args.brokers) await measureBrokers(args);
  else if (args.compression) await measureCompression(args);
  else return measure(args);
  return 0;
}

/** Returns the exit code. */
function refresh(): number {
  const run = committedResults();
  if (!run) {
    console.error('No results are committed. Run npm run bench -- --save tools/bench/results.');
    return 1;
  }
  const brokers = committedBrokers();
  const files = [
    ...refreshReadmes(run, committedLines()),
    ...rewritePage(RESULTS_FOLDER).map((name) => `results/${name}`),
    ...(brokers ? [...putTables(guideTables(run, brokers)), ...rewriteBrokersPage(brokers)] : []),
  ];
  console.log(
    files.length > 0
      ? `changed: ${files.join(', ')}`
      : 'The READMEs, the page of results and its pictures show the committed results.',
  );
  return 0;
}

async function measureParts({ quick, json }: Arguments): Promise<void> {
  const results = await runMicro(quick ? QUICK_MICRO_MS : MICRO_MS);
  console.log(json ? JSON.stringify(results, undefined, 2) : microTable(results));
}

async function measureCompression({ quick, json }: Arguments): Promise<void> {
  const result = await runCompression(quick ? QUICK_COMPRESSION_ROUNDS : COMPRESSION_ROUNDS);
  console.log(json ? JSON.stringify(result, undefined, 2) : compressionTables(result));
}

async function measureBrokers({ rounds, quick, json, save: folder }: Arguments): Promise<void> {
  const line = new ProgressLine(process.stderr);
  const run = await runBrokers({
    rounds,
    turn: quick ? QUICK_BROKERS_TURN : BROKERS_TURN,
    progress: ({ name }, round, peer) => line.show(`round ${round} of ${rounds} · ${peer.title} · ${name}`),
    onRound: (soFar) => {
      if (folder !== undefined) saveBrokers(folder, soFar);
    },
  });
  line.clear();
  console.log(json ? JSON.stringify(run, undefined, 2) : brokersReport(run));
}

async function soak({ json }: Arguments, seconds: number): Promise<void> {
  const line = new ProgressLine(process.stderr);
  const result = await runSoak(seconds, (second, mib) => {
    line.show(`${second} of ${seconds} s · ${mib.toFixed(1)} MiB`);
  });
  line.clear();
  console.log(json ? JSON.stringify(result, undefined, 2) : soakSummary(result));
}

async function churn({ peers: some, node, json }: Arguments): Promise<void> {
  const line = new ProgressLine(process.stderr);
  const results: ChurnResult[] = [];
  for (const peer of some) {
    const result = await runChurn(peer, { ...CHURN, node }, (round) => {
      line.show(`${peer.title} · round ${round} of ${CHURN.rounds}`);
    });
    results.push(result);
    line.clear();
    if (!json) console.log(churnSummary(result));
  }
  if (json) console.log(JSON.stringify(results, undefined, 2));
}

/** Returns the exit code. */
async function measure(args: Arguments): Promise<number> {
  let version: string;
  try {
    version = args.node === undefined ? process.versions.node : versionOfNode(args.node);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  const machine = describeMachine(version);
  // Read before anything is saved, because saving may replace it.
  const before = committedFor(version);
  const { rounds, node, profile } = args;
  const settings: Settings = { rounds, node, profile, ...(args.quick ? QUICK_TURN : TURN) };
  const results: ScenarioResult[] = [];
  const line = new ProgressLine(process.stderr);
  const groups = groupsOf(args.quick ? args.scenarios.map(quickened) : args.scenarios);
  const names = groups.flat().map(({ name }) => name);
  const bench = await Bench.start(settings, ({ name, title }, round, peer) => {
    const nth = names.indexOf(name) + 1;
    line.show(`${nth} of ${names.length}: ${title} · round ${round} of ${args.rounds} · ${peer}`);
  });
  try {
    for (const group of groups) {
      const measured = await bench.measure(group, args.peers);
      results.push(...measured);
      line.clear();
      if (args.json) continue;
      for (const result of measured) {
        console.log(scenarioTable(result));
        if (profile !== undefined) console.log(`${profileTable(profile, result)}\n`);
      }
    }
  } finally {
    line.clear();
    await bench.stop();
    // If the run fails, the groups that it has measured are kept.
    if (results.length > 0) {
      report(args, { machine, rounds: args.rounds, quick: args.quick, scenarios: results }, before);
    }
  }
  return 0;
}

/** @param before the results that the run is compared with */
function report({ quick, rounds, save: folder, json }: Arguments, run: RunResult, before?: RunResult): void {
  if (folder !== undefined) keep(folder, run);
  console.log(json ? JSON.stringify(run, undefined, 2) : targetTable(run));
  if (!quick) return;
  // Not on the standard output if that is JSON, which may go to a file.
  const print = json ? console.error : console.log;
  const isOneRound = rounds === 1 || before?.rounds === 1;
  print(isOneRound ? ONE_ROUND : describeComparison(before && compare(before, run)));
}

function keep(folder: string, run: RunResult): void {
  const dropped = save(folder, run);
  if (dropped.length === 0) return;
  console.error(
    `Dropped from ${folder}, because they were measured in another way, or in other rounds than scenarios that they are compared with: ${dropped.join(', ')}.`,
  );
}

function quickened(scenario: Scenario): Scenario {
  if (scenario.kind !== 'idle') return scenario;
  return { ...scenario, connections: Math.min(scenario.connections, QUICK_IDLE_CONNECTIONS) };
}

function listOfNames(): string {
  const row = ({ name, title }: { name: string; title: string }): string => `  ${name.padEnd(32)}${title}`;
  return ['Scenarios', ...scenarios.map(row), '', 'Peers', ...peers.map(row)].join('\n');
}
