// The engines that carry messages between servers, Redis and NATS, as processes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startListener, startOn } from './listener.ts';
import { executable, type PartName } from './requirements.ts';
import { startRoute, type Route } from './route.ts';

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

/** NATS servers that form a cluster. */
export interface NatsCluster {
  readonly servers: readonly Engine[];
  /** Cuts the connections between a server and the others. Clients can still reach it. */
  isolate(server: number): void;
  /** Ends the effect of {@link isolate}. */
  rejoin(server: number): void;
  /** Ends all servers, and removes their stored data. */
  stop(): Promise<void>;
}

/** How an engine is started, on ports and with a folder to write into. Clients connect to the first port. */
interface Kind {
  readonly name: PartName;
  readonly portCount?: number;
  args(ports: readonly number[], folder: string): readonly string[];
}

/** @param persistence options that say when Redis writes commands to the disk */
function redisWith(persistence: readonly string[]): Kind {
  return {
    name: 'redis',
    args: ([port], folder) => [
      ...['--bind', '127.0.0.1', '--port', String(port), '--dir', folder],
      ...['--save', '', '--appendonly', 'yes', ...persistence],
    ],
  };
}

/** The sentinel rewrites its configuration file. @param primary the port of the primary, which it calls `main` */
function sentinelOf(primary: number): Kind {
  return {
    name: 'redis',
    args: ([port = 0], folder) => {
      const file = join(folder, 'sentinel.conf');
      const address = [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`];
      const monitor = [`monitor main 127.0.0.1 ${primary} 2`, 'down-after-milliseconds main 500'];
      const lines = [
        ...address,
        ...[...monitor, 'failover-timeout main 2000'].map((line) => `sentinel ${line}`),
      ];
      writeFileSync(file, lines.join('\n'));
      return [file, '--sentinel'];
    },
  };
}

/** JetStream stores its messages in the folder. @param configuration the lines of the configuration file */
function natsWith(configuration: string, hasJetStream = true): Kind {
  return {
    name: 'nats',
    args: ([port], folder) => {
      const file = join(folder, 'nats.conf');
      writeFileSync(file, configuration);
      const jetStream = hasJetStream ? ['-js', '-sd', folder] : [];
      return ['-c', file, '-a', '127.0.0.1', '-p', String(port), ...jetStream];
    },
  };
}

/**
 * A server of a cluster.
 *
 * @param routes the ports through which it reaches other servers
 * @param listens called with the port for its own routes, when it starts
 */
function natsOfCluster(name: string, routes: readonly number[], listens: (port: number) => void): Kind {
  return {
    name: 'nats',
    portCount: 2,
    args: (ports, folder) => {
      const [, port = 0] = ports;
      listens(port);
      const cluster = {
        ...{
          name: 'framewire',
          host: '127.0.0.1',
          port,
          routes: routes.map((route) => `nats://127.0.0.1:${route}`),
        },
        // Sent to the others. It is useless, so that servers are connected by their routes only.
        advertise: '127.0.0.1:1',
      };
      return natsWith(JSON.stringify({ server_name: name, cluster }).slice(1, -1)).args(ports, folder);
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
 * Starts a sentinel of Redis on a free port of 127.0.0.1. Two sentinels must agree that the primary is down.
 *
 * @param primary the port of the primary, which it calls `main`
 * @throws {Error} With its output, if it does not start.
 */
export function startSentinel(primary: number): Promise<Engine> {
  return start(sentinelOf(primary));
}

/**
 * Starts a `nats-server` on a free port of 127.0.0.1.
 *
 * @param configuration the other lines of its configuration file
 * @param hasJetStream whether it has JetStream
 * @throws {Error} With its output, if it does not start.
 */
export function startNats(configuration = '', hasJetStream = true): Promise<Engine> {
  return start(natsWith(configuration, hasJetStream));
}

/**
 * Starts several `nats-server` with JetStream as a cluster. Each is on free ports of 127.0.0.1. JetStream needs some seconds until it can
 * be used.
 *
 * @throws {Error} With its output, if one does not start.
 */
export async function startNatsCluster(count: number): Promise<NatsCluster> {
  const numbers = Array.from({ length: count }, (_, number) => number);
  /** The ports on which servers wait for each other. Known once they start. */
  const ports: number[] = [];
  const pairs = numbers
    .flatMap((from) => numbers.map((to) => ({ from, to })))
    .filter(({ from, to }) => from !== to);
  const routes = await Promise.all(
    pairs.map(async (pair) => ({ ...pair, route: await startRoute(() => ports[pair.to]) })),
  );
  const starting = await Promise.allSettled(
    numbers.map((number) => {
      const outgoing = routes.filter(({ from }) => from === number).map(({ route }) => route.port);
      return start(natsOfCluster(`server-${number}`, outgoing, (port) => (ports[number] = port)));
    }),
  );
  const servers = starting.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stop = async (): Promise<void> => {
    for (const { route } of routes) route.stop();
    await Promise.all(servers.map((server) => server.stop()));
  };
  for (const result of starting) {
    if (result.status === 'fulfilled') continue;
    await stop();
    throw result.reason;
  }
  const routesOf = (server: number): Route[] => {
    return routes.filter(({ from, to }) => from === server || to === server).map(({ route }) => route);
  };
  return {
    servers,
    isolate: (server) => {
      for (const route of routesOf(server)) route.cut();
    },
    rejoin: (server) => {
      for (const route of routesOf(server)) route.mend();
    },
    stop,
  };
}

async function start(kind: Kind): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), `framewire-${kind.name}-`));
  const program = executable(kind.name);
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  const started = await startListener(program, kind.portCount ?? 1, (...ports) =>
    kind.args(ports, folder),
  ).catch((error: unknown) => {
    removeFolder();
    throw error;
  });
  let { child } = started;
  const { ports } = started;
  const [port = 0] = ports;
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
      child = await startOn(program, ports, kind.args(ports, folder));
    },
    freeze: () => child.signal('SIGSTOP'),
    thaw: () => child.signal('SIGCONT'),
    async stop() {
      await kill();
      removeFolder();
    },
  };
}
