/** The step that checks that `import` and `require()` load the same classes, if one dependency imports and another requires them. */

import { cpSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../command.ts';
import { BUNDLERS } from '../loaders/bundlers.ts';
import { inEnvironments } from '../loaders/environments.ts';
import { engines, OLD_NODES, runners, type Tool } from '../loaders/tools.ts';
import { NODE_LINES, nodeOfLine, nodeOfVersion } from '../node-lines.ts';
import { failed, judged, skipped, sum } from '../outcome.ts';
import { install } from '../packed.ts';
import type { FoundNode, NodeLine } from '../node-lines.ts';
import type { Outcome, Step } from '../outcome.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/loaders', import.meta.url));
const ENVIRONMENTS = fileURLToPath(new URL('../../fixtures/environments', import.meta.url));

/** What a program prints if everything is right. */
const RIGHT = 'one class';

const PROGRAMS = ['main.mjs', 'main.cjs'];

export const loaders: Step = {
  name: 'loaders',
  title:
    'import and require load one class in engines, tsx, test runners and bundlers; tracing; connections in test environments',
  async run() {
    const installation = await install();
    try {
      const folder = layOut(installation.folder);
      return sum([
        await inNode(folder),
        await inOthers(folder),
        await inRunners(folder),
        await inBundles(folder),
        await underTracing(folder),
        await inEnvironments(join(folder, 'environments')),
      ]);
    } finally {
      installation.remove();
    }
  },
};

/** Copies the programs and their two dependencies next to the packages. */
function layOut(folder: string): string {
  cpSync(FIXTURES, folder, { recursive: true });
  cpSync(ENVIRONMENTS, join(folder, 'environments'), { recursive: true });
  for (const name of ['imports-it', 'requires-it']) {
    cpSync(join(FIXTURES, name), join(folder, 'node_modules', name), { recursive: true });
  }
  return realpathSync(folder);
}

async function inNode(folder: string): Promise<Outcome> {
  const found: [string, FoundNode][] = [];
  for (const version of OLD_NODES) found.push([version, await nodeOfVersion(version)]);
  for (const line of Object.keys(NODE_LINES).map(Number) as NodeLine[]) {
    found.push([String(line), await nodeOfLine(line)]);
  }
  const outcomes: Outcome[] = [];
  for (const [version, node] of found) {
    const name = `Node ${version}`;
    if ('missing' in node) outcomes.push(skipped(`${name}: ${node.missing}`, PROGRAMS.length));
    else outcomes.push(await runPrograms({ name, command: node.program, args: ['--no-warnings'] }, folder));
  }
  return sum(outcomes);
}

async function inOthers(folder: string): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const tool of engines()) outcomes.push(await runPrograms(tool, folder));
  return sum(outcomes);
}

async function inRunners(folder: string): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const { name, command, args, env, folder: below = '' } of runners()) {
    const { code, output } = await run(command, args, { cwd: join(folder, below), env: { ...env } });
    outcomes.push(judged(`one class in ${name}`, code === 0 ? [] : [output.trim()]));
  }
  return sum(outcomes);
}

async function inBundles(folder: string): Promise<Outcome> {
  const out = join(folder, 'out');
  mkdirSync(out);
  const node = { command: process.execPath, args: [] };
  const outcomes: Outcome[] = [];
  for (const [name, bundle] of Object.entries(BUNDLERS)) {
    try {
      const warnings = await bundle(join(folder, 'main.mjs'), join(out, name));
      outcomes.push(judged(`warnings of ${name}`, warnings));
      outcomes.push(await runProgram({ name: 'a bundle', ...node }, join(out, name), folder));
    } catch (error) {
      outcomes.push(failed(`${name} cannot be built: ${String(error)}`));
    }
  }
  const aliased = join(out, 'alias-vite-ssr.mjs');
  await BUNDLERS['vite-ssr-all-inlined.mjs']?.(join(folder, 'alias.mjs'), aliased);
  outcomes.push(await runProgram({ name: 'a bundle', ...node }, aliased, folder));
  return sum(outcomes);
}

/** Checks that OpenTelemetry records what packages/framewire/doc/tracing.md describes. */
async function underTracing(folder: string): Promise<Outcome> {
  const args = ['--require', join(FIXTURES, 'tracing-sdk.cjs')];
  const outcomes: Outcome[] = [];
  for (const program of [['traced.cjs'], ['traced.mjs'], ['traced.cjs', '--instrumented']]) {
    const { output } = await run(process.execPath, [...args, ...program], { cwd: folder });
    const wanted =
      program.length === 1 ? ['GET'] : ['GET', 'WS upgrade', 'WS connect', 'WS open', 'WS close'];
    const isRight =
      output.includes('"traceparent":true') && wanted.every((name) => output.includes(`"${name}"`));
    outcomes.push(judged(`OpenTelemetry in ${program.join(' ')}`, isRight ? [] : [output.trim()]));
  }
  return sum(outcomes);
}

async function runPrograms(tool: Tool, folder: string): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const program of PROGRAMS) outcomes.push(await runProgram(tool, program, folder));
  return sum(outcomes);
}

async function runProgram(
  { name, command, args, env }: Tool,
  program: string,
  cwd: string,
): Promise<Outcome> {
  const { code, output } = await run(command, [...args, program], { cwd, env: { ...env } });
  const isRight = code === 0 && output.trim() === RIGHT;
  return judged(
    `one class in ${name}, of ${program}`,
    isRight ? [] : [output.trim() || 'it printed nothing'],
  );
}
