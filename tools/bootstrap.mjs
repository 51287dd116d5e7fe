// What `npm start`, `npm test` and the other commands run: installs what a fresh clone lacks, builds, then runs the tool.
// It runs before anything is installed, so it uses only Node and npm.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === 'win32';

/** The tools, by the names of their npm scripts. */
const tools = {
  start: 'tools/start/src/main.ts',
  test: 'tools/checks/src/main.ts',
  bench: 'tools/bench/src/main.ts',
  conformance: 'autobahn/src/cli.ts',
  fuzz: 'tools/fuzz/src/main.ts',
  docs: 'tools/site/src/main.ts',
};

const OLDEST_NODE = [20, 19];

/** Where progress is printed. Only `npm test` prints it to stdout, because the output of the other tools may be redirected to a file. */
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
  // pnpm passes a leading `--` to the script; npm removes it.
  const args = list[0] === '--' ? list.slice(1) : list;
  try {
    checkNode();
    const env = await prepare(args.includes('--help'));
    return await handOver(tools[command], args, env);
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    console.error(error.message);
    // The last line of a test run always counts its checks. Here, the only one is the step that failed.
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

/** Installs and builds what is out of date. Returns the environment in which the tools find pnpm and turbo. */
async function prepare(installOnly) {
  const env = {
    ...process.env,
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
  };
  // Windows names it `Path`. Adding `PATH` would pass two variables, which Windows treats as one.
  const pathName = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const withPnpm = await step('fetching pnpm', () => pathWithPnpm(env));
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

/** A PATH that starts with the pinned pnpm, which npm takes from its cache or the registry. */
async function pathWithPnpm(env) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const script = `"console.log('PATH is ' + process.env.PATH)"`;
  const command = ['exec', '--yes', `--package=${packageManager}`, '--', 'node', '-e', script];
  const output = await run('npm', command, env, true);
  const line = /^PATH is (.*)$/m.exec(output);
  if (!line) throw new StepFailed(`npm did not print the path of pnpm:\n${output}`);
  return line[1].trim();
}

/** A hash of what the last installation depended on. It is stored in node_modules, so that removing that folder removes it too. */
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

/** Every package.json of the workspace. After a change to one, pnpm runs, and fails if it does not match the lockfile. */
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

/** Runs a step and prints one line: its name while it runs, then its time or `failed`. */
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

/** Runs a tool on this terminal, forwards signals to it, and returns its exit code. */
function handOver(main, args, env) {
  const tsx = import.meta.resolve('tsx');
  const child = spawn(process.execPath, ['--import', tsx, join(root, main), ...args], {
    env,
    stdio: 'inherit',
  });
  // A terminal sends Ctrl-C to every foreground process, including the tool. Forwarding it would deliver it twice.
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
