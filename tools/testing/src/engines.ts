// The engines that carry messages between servers, Redis and NATS, as processes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startListener, startOn } from './listener.ts';
import { executable, type PartName } from './requirements.ts';

/** A running engine. */
export interface Engine {
  readonly port: number;
  /** The id of its process, which changes with {@link Engine.restart}. */
  readonly pid: number;
  /** Kills it with SIGKILL, and waits for its end. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with its stored data. */
  restart(): Promise<void>;
  /** Suspends the process until {@link thaw}. */
  freeze(): void;
  thaw(): void;
  /** Ends it, and removes its stored data. */
  stop(): Promise<void>;
}

/** How an engine is started, on a port and with a folder to write into. */
interface Kind {
  readonly name: PartName;
  args(port: number, folder: string): readonly string[];
}

/** @param persistence options that say when Redis writes commands to the disk */
function redisWith(persistence: readonly string[]): Kind {
  return {
    name: 'redis',
    args: (port, folder) => [
      ...['--bind', '127.0.0.1', '--port', String(port), '--dir', folder],
      ...['--save', '', '--appendonly', 'yes', ...persistence],
    ],
  };
}

/** JetStream stores its messages in the folder. @param configuration the lines of the configuration file */
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

/**
 * Starts a `redis-server` on a free port of 127.0.0.1.
 *
 * @param persistence options that say when it writes commands to the disk. Default: before each answer, so that no answered command is
 *   lost if the process is killed
 * @throws {Error} With its output, if it does not start.
 */
export function startRedis(persistence: readonly string[] = ['--appendfsync', 'always']): Promise<Engine> {
  return start(redisWith(persistence));
}

/**
 * Starts a `nats-server` with JetStream on a free port of 127.0.0.1.
 *
 * @param configuration the other lines of its configuration file
 * @throws {Error} With its output, if it does not start.
 */
export function startNats(configuration = ''): Promise<Engine> {
  return start(natsWith(configuration));
}

async function start(kind: Kind): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), `framewire-${kind.name}-`));
  const program = executable(kind.name);
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  const started = await startListener(program, 1, (port = 0) => kind.args(port, folder)).catch(
    (error: unknown) => {
      removeFolder();
      throw error;
    },
  );
  let { child } = started;
  const [port = 0] = started.ports;
  const kill = async (): Promise<void> => {
    await child.stop('SIGKILL');
  };
  return {
    port,
    get pid() {
      return child.pid;
    },
    kill,
    async restart() {
      child = await startOn(program, [port], kind.args(port, folder));
    },
    freeze: () => child.signal('SIGSTOP'),
    thaw: () => child.signal('SIGCONT'),
    async stop() {
      await kill();
      removeFolder();
    },
  };
}
