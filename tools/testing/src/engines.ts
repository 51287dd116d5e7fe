/** Engines that carry messages between servers, as processes of the tests: on a port of their own, ended by their id. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { executable, type PartName } from './requirements.ts';

/** An engine that runs. */
export interface Engine {
  readonly port: number;
  /** Kills it without a warning, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with what it has written down. */
  restart(): Promise<void>;
  /** Lets it go on, after it did not answer any more. */
  freeze(): void;
  thaw(): void;
  /** Ends it, with all that it has written down. */
  stop(): Promise<void>;
}

/** How an engine is started, on a port and with a folder to write into. */
interface Kind {
  readonly name: PartName;
  args(port: number, folder: string): readonly string[];
}

/** It writes down each command before it answers. */
const REDIS: Kind = {
  name: 'redis',
  args: (port, folder) =>
    ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', ''].concat([
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
    ]),
};

/** JetStream keeps its messages in the folder. */
function natsWith(configuration: string): Kind {
  return {
    name: 'nats',
    args: (port, folder) => {
      const file = join(folder, 'nats.conf');
      writeFileSync(file, configuration);
      return ['-c', file, '-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder];
    },
  };
}

/** Ports were free when they were asked for; another program may have been faster. */
const ATTEMPTS = 5;
/** Between two looks at a port: no engine says when it listens. */
const LOOK_AGAIN = 10;

/**
 * Starts a `redis-server` on a free port of 127.0.0.1.
 *
 * @throws Error with what it printed, where it does not start.
 */
export function startRedis(): Promise<Engine> {
  return start(REDIS);
}

/**
 * Starts a `nats-server` with JetStream on a free port of 127.0.0.1.
 *
 * @param configuration what else is in its configuration file
 * @throws Error with what it printed, where it does not start.
 */
export function startNats(configuration = ''): Promise<Engine> {
  return start(natsWith(configuration));
}

async function start(kind: Kind): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), `framewire-${kind.name}-`));
  let output = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = await freePort();
    const started = await run(kind, port, folder);
    if (typeof started !== 'string') return engineOf(kind, port, folder, started);
    output = started;
  }
  rmSync(folder, { recursive: true, force: true });
  throw new Error(`${kind.name} does not start:\n${output}`);
}

function engineOf(kind: Kind, port: number, folder: string, started: ChildProcess): Engine {
  let child = started;
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  };
  return {
    port,
    kill,
    async restart() {
      const again = await run(kind, port, folder);
      if (typeof again === 'string') throw new Error(`${kind.name} does not start again:\n${again}`);
      child = again;
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The process, once it listens, or what it printed before it ended. */
async function run(kind: Kind, port: number, folder: string): Promise<ChildProcess | string> {
  const child = spawn(executable(kind.name), kind.args(port, folder), { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'close');
  while (child.exitCode === null && child.signalCode === null) {
    if (await accepts(port)) return child;
    await delay(LOOK_AGAIN);
  }
  await ended;
  return output;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Whether a program listens on a port. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
