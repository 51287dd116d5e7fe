// What `npm start` and `npm test` run: brings what a fresh clone is missing, builds, then hands over to the tool asked for.
// It runs before anything is installed, so it stands on Node and npm alone.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === 'win32';

/** The tools by the name of the npm script. */
const tools = {
  start: 'tools/start/src/main.ts',
  test: 'tools/checks/src/main.ts',
  bench: 'tools/bench/src/main.ts',
  conformance: 'autobahn/src/cli.ts',
  fuzz: 'tools/fuzz/src/main.ts',
  docs: 'tools/site/src/main.ts',
};

const OLDEST_NODE = [20, 19];

/** The stream for the steps. Not the standard output of the other tools, which may go to a file. */
const progress = process.argv[2] === 'test' ? process.stdout : process.stderr;

class StepFailed extends Error {}

process.exitCode = await main(process.argv[2], process.argv.slice(3));

/** Returns the exit code. */
async function main(command, list) {
  if (!Object.hasOwn(tools, command)) {
    console.error(
      'Usage: node tools/bootstrap.mjs start|test|bench|conformance|fuzz|docs [arguments of the tool]',
    );
    return 2;
  }
  // pnpm hands a leading `--` on, npm keeps it.
  const args = list[0] === '--' ? list.slice(1) : list;
  try {
    checkNode();
    const env = await prepare(args.includes('--help'));
    return await handOver(tools[command], args, env);
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    console.error(error.message);
    // The last line of a test run is always its sum; what failed here is all that was tried.
    if (command === 'test') console.log('0 passed, 1 failed, 0 skipped');
    return 1;
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new StepFailed(
    `Framewire needs Node ${OLDEST_NODE.join('.')} or newer, and this is ${process.versions.node}.`,
  );
}

/** Installs and builds what is not up to date; returns the environment in which the tools find pnpm and turbo. */
async function prepare(installOnly) {
  const env = {
    ...process.env,
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
  };
  // Windows spells it `Path`; two spellings of one variable would be two variables.
  const pathName = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const withPnpm = await step('bringing pnpm', () => pathWithPnpm(env));
  env[pathName] = `${join(root, 'node_modules', '.bin')}${delimiter}${withPnpm}`;

  const stamp = installStamp();
  if (!stamp.matches()) {
    await step('installing', () => run('pnpm', ['install', '--frozen-lockfile'], { ...env, CI: 'true' }));
    stamp.keep();
  }
  if (!installOnly) {
    await step('building', () => run('turbo', ['run', 'build', '--ui=stream'], env));
    env.FRAMEWIRE_BUILD = 'passed';
  }
  return env;
}

/** The PATH on which the pinned pnpm comes first; npm brings it from its cache or the registry. */
async function pathWithPnpm(env) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const script = `"console.log('PATH is ' + process.env.PATH)"`;
  const command = ['exec', '--yes', `--package=${packageManager}`, '--', 'node', '-e', script];
  const output = await run('npm', command, env, true);
  const line = /^PATH is (.*)$/m.exec(output);
  if (!line) throw new StepFailed(`npm did not say where pnpm is:\n${output}`);
  return line[1].trim();
}

/** What was installed last, and for which manifests; kept where a removed node_modules takes it along. */
function installStamp() {
  const file = join(root, 'node_modules', '.cache', 'framewire-install');
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((name) => join(root, name));
  for (const file of [...files, ...manifestsBelow(root)]) hash.update(readFileSync(file));
  const wanted = hash.digest('hex');
  return {
    matches() {
      try {
        return readFileSync(file, 'utf8') === wanted;
      } catch {
        return false;
      }
    },
    keep() {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, wanted);
    },
  };
}

/** Every package.json of the workspace: one that does not match the lockfile must be reported, not built. */
function manifestsBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.name === 'package.json') return [path];
      const foreign = entry.name === 'node_modules' || entry.name === 'dist' || entry.name.startsWith('.');
      return entry.isDirectory() && !foreign ? manifestsBelow(path) : [];
    });
}

/** Runs one step and prints its line: the name while it runs, then its time, or all of its output when it fails. */
async function step(name, work) {
  const began = performance.now();
  progress.write(`${name} … `);
  try {
    const result = await work();
    progress.write(`${((performance.now() - began) / 1000).toFixed(1)} s\n`);
    return result;
  } catch (error) {
    progress.write('failed\n');
    throw error;
  }
}

/** Runs a command in the root and returns its output. */
function run(command, args, env, shell = windows) {
  return new Promise((resolve, reject) => {
    const line = shell ? [[command, ...args].join(' ')] : [command, args];
    const child = spawn(...line, { cwd: root, env, shell, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.on('error', (error) => reject(new StepFailed(`${command} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new StepFailed(`${output}\n${command} ended with ${signal ?? `exit code ${code}`}.`));
    });
  });
}

/** Runs a tool on this terminal; its exit code, and the signals meant for it, are passed on. */
function handOver(main, args, env) {
  const tsx = import.meta.resolve('tsx');
  const child = spawn(process.execPath, ['--import', tsx, join(root, main), ...args], {
    env,
    stdio: 'inherit',
  });
  // A terminal gives Ctrl-C to every process in front, the tool too: passed on, it would arrive there twice.
  const hasTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  process.on('SIGINT', () => {
    if (!hasTerminal) child.kill('SIGINT');
  });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + os.constants.signals[signal]));
  });
}
