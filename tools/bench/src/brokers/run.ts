// Measures servers that a broker joins: the engines, the processes, and their turns.
import { startNats, startRedis, type Engine } from '@framewire/testing';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Child } from '../child.ts';
import { describeMachine, versionOf } from '../machine.ts';
import { findCores, type Cores } from '../pinning.ts';
import { nodeCommand, WITHOUT_BUFFERUTIL } from '../scripts.ts';
import {
  brokerPeers,
  workloads,
  type BrokerPeer,
  type BrokerSample,
  type BrokersRun,
  type JoinedReport,
  type Workload,
} from './plan.ts';

/** The length of a turn. It is CPU time, because other programs may use the CPU meanwhile. */
export interface Turn {
  /** CPU ms of the servers before anything is measured, so that their code is compiled. */
  readonly warmUp: number;
  /** CPU ms of the servers during the measurement. */
  readonly measured: number;
  /** How many ms the clients run before the CPU time is read again. */
  readonly slice: number;
  /** How many messages the latency is measured with. */
  readonly messages: number;
}

export const TURN: Turn = { warmUp: 1200, measured: 800, slice: 200, messages: 500 };
export const QUICK_TURN: Turn = { warmUp: 200, measured: 200, slice: 100, messages: 100 };
/** The most slices of a turn, for servers that use little CPU time. */
const MOST_SLICES = 20;

/** Called before each turn. */
export type BrokersProgress = (workload: Workload, round: number, peer: BrokerPeer) => void;

/** Redis syncs its file once a second, its usual setting with persistence. */
const APPEND_EVERY_SECOND = ['--appendfsync', 'everysec'];

/** How the engine of each broker is started, if there is one. It keeps its data in a temporary folder. */
const STARTS: Readonly<Record<BrokerPeer['broker'], (() => Promise<Engine>) | undefined>> = {
  redis: () => startRedis(APPEND_EVERY_SECOND),
  nats: () => startNats(),
  hub: undefined,
};

/** How to run. */
export interface BrokersSettings {
  readonly rounds: number;
  readonly turn: Turn;
  readonly progress?: BrokersProgress | undefined;
  /** Called with the rounds so far after each round, because a long run may be interrupted. */
  readonly onRound?: ((run: BrokersRun) => void) | undefined;
  /** The names of the peers. Default: all. */
  readonly only?: readonly string[] | undefined;
}

/** Measures all peers in all workloads, in turns. */
export async function runBrokers(settings: BrokersSettings): Promise<BrokersRun> {
  const { rounds, turn, progress, onRound, only } = settings;
  const peers = brokerPeers.filter(({ name }) => only?.includes(name) ?? true);
  const samples = new Map<string, BrokerSample[]>();
  const engines = new Map<string, Engine>();
  try {
    for (const broker of new Set(peers.map((peer) => peer.broker))) {
      const engine = await STARTS[broker]?.();
      if (engine !== undefined) engines.set(broker, engine);
    }
    for (let round = 0; round < rounds; round++) {
      // The order changes, because a turn depends on the turns before it.
      const order = [...peers.slice(round % peers.length), ...peers.slice(0, round % peers.length)];
      for (const peer of order) {
        await measure(peer, turn, engines.get(peer.broker), (workload, sample) => {
          if (sample === undefined) progress?.(workload, round + 1, peer);
          else add(samples, `${workload.name} ${peer.name}`, sample);
        });
      }
      onRound?.(resultOf(peers, samples, round + 1));
    }
  } finally {
    for (const engine of engines.values()) await engine.stop();
  }
  return resultOf(peers, samples, rounds);
}

function resultOf(
  peers: readonly BrokerPeer[],
  samples: ReadonlyMap<string, readonly BrokerSample[]>,
  rounds: number,
): BrokersRun {
  const machine = {
    ...describeMachine(process.versions.node),
    'socket.io': versionOf('socket.io'),
    '@socket.io/redis-adapter': versionOf('@socket.io/redis-adapter'),
    'redis (client)': versionOf('redis'),
    '@nats-io/transport-node': versionOf('@nats-io/transport-node'),
  };
  const results = workloads.map(({ name: workload }) => ({
    workload,
    results: peers.map(({ name: peer }) => ({ peer, samples: samples.get(`${workload} ${peer}`) ?? [] })),
  }));
  return { machine, rounds, workloads: results };
}

function add(samples: Map<string, BrokerSample[]>, key: string, sample: BrokerSample): void {
  samples.set(key, [...(samples.get(key) ?? []), sample]);
}

/** Measures all workloads of a peer in the same processes. @param report called before each workload, and after it with its sample */
async function measure(
  peer: BrokerPeer,
  turn: Turn,
  engine: Engine | undefined,
  report: (workload: Workload, sample?: BrokerSample) => void,
): Promise<void> {
  const cores = findCores();
  const { library, broker, history } = peer;
  const options = { core: cores.measured, env: WITHOUT_BUFFERUTIL };
  const task = { library, broker, history, port: engine?.port };
  const servers = await Child.start(nodeCommand('joined', task, options));
  try {
    const load = await startLoad(cores);
    try {
      const { ports } = servers.ready as { ports: [number, number] };
      for (const workload of workloads) {
        report(workload);
        await load.call('open', { dialect: peer.dialect, ports, workload });
        report(workload, await sampleOf(servers.child, load, engine, turn));
        await load.call('close');
      }
    } finally {
      await load.stop();
    }
  } finally {
    await servers.child.finish();
  }
}

async function startLoad({ load: core }: Cores): Promise<Child> {
  const script = fileURLToPath(new URL('./load.ts', import.meta.url));
  const args = ['--import', import.meta.resolve('tsx'), script, '{}'];
  return (await Child.start({ program: process.execPath, args, core })).child;
}

/** CPU µs of the first and of the second server, and of the hub. */
type Cpus = readonly [number, number, number];

/** The CPU time that was used and the messages that were sent during a measurement. */
interface Spent {
  readonly servers: Cpus;
  readonly engine: number | undefined;
  readonly published: number;
  readonly received: number;
  readonly seconds: number;
}

async function sampleOf(
  servers: Child,
  load: Child,
  engine: Engine | undefined,
  { warmUp, measured, slice, messages }: Turn,
): Promise<BrokerSample> {
  const spend = (milliseconds: number): Promise<Spent> => spent(servers, load, engine, milliseconds, slice);
  await spend(warmUp);
  const { servers: cpu, engine: engineCpu, published, received, seconds } = await spend(measured);
  const latency = (await load.call('latency', messages)) as { p50: number; p99: number };
  return {
    cpu: (cpu[0] + cpu[1] + cpu[2]) / received,
    servers: [cpu[0] / published, cpu[1] / published, cpu[2] / published],
    engine: engineCpu === undefined ? undefined : engineCpu / published,
    rate: received / seconds,
    ...latency,
  };
}

/** Keeps the servers busy until they have used this much CPU time. */
async function spent(
  servers: Child,
  load: Child,
  engine: Engine | undefined,
  milliseconds: number,
  slice: number,
): Promise<Spent> {
  const before = (await servers.call('cpus')) as Cpus;
  const engineBefore = engine && cpuOf(engine.pid);
  const done = { published: 0, received: 0, seconds: 0 };
  for (let slices = 1; ; slices++) {
    const report = (await load.call('run', slice)) as JoinedReport;
    done.published += report.published;
    done.received += report.received;
    done.seconds += report.seconds;
    const after = (await servers.call('cpus')) as Cpus;
    const cpu = [0, 1, 2].map((part) => (after[part] ?? 0) - (before[part] ?? 0)) as [number, number, number];
    if (cpu[0] + cpu[1] + cpu[2] < milliseconds * 1000 && slices < MOST_SLICES) continue;
    const engineAfter = engine && cpuOf(engine.pid);
    const isKnown = engineBefore !== undefined && engineAfter !== undefined;
    return { servers: cpu, engine: isKnown ? engineAfter - engineBefore : undefined, ...done };
  }
}

/** CPU µs that all threads of a process have used. Undefined if the system does not report it. */
function cpuOf(pid: number): number | undefined {
  const folder = `/proc/${pid}/task`;
  try {
    return readdirSync(folder).reduce((sum, thread) => {
      const [nanoseconds] = readFileSync(`${folder}/${thread}/schedstat`, 'latin1').split(' ', 1);
      return sum + Number(nanoseconds) / 1000;
    }, 0);
  } catch {
    return undefined;
  }
}
