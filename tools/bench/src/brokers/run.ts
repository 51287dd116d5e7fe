// Measuring servers that a broker joins: the engines, the processes, and their turns.
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

/** How long a turn is. Time of the CPU counts, because other programs may have it meanwhile. */
export interface Turn {
  /** CPU ms of the servers before anything is measured, so that their code is compiled. */
  readonly warmUp: number;
  /** CPU ms of the servers that are measured. */
  readonly measured: number;
  /** For how many ms the clients go on before the CPU time is read again. */
  readonly slice: number;
  /** How many messages the latency is taken from. */
  readonly messages: number;
}

export const TURN: Turn = { warmUp: 400, measured: 350, slice: 175, messages: 500 };
export const QUICK_TURN: Turn = { warmUp: 200, measured: 200, slice: 100, messages: 100 };
/** A server that is never busy is measured all the same. */
const MOST_SLICES = 20;

/** Called before each turn. */
export type BrokersProgress = (workload: Workload, round: number, peer: BrokerPeer) => void;

/** Redis writes to its disk once a second, which is how it is mostly run with persistence. */
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
  /** Called with the rounds so far, after each of them: a run takes long, and may be ended before it is over. */
  readonly onRound?: ((run: BrokersRun) => void) | undefined;
  /** The names of the peers. Default all. */
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
      // In an order that changes, because turns are not independent of those before them.
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

/** All workloads, with the same processes. @param report called before each without a sample, and after it with one */
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

/** What has been spent and done between two moments. */
interface Spent {
  /** CPU µs of the first and of the second server, and of the hub. */
  readonly servers: readonly [number, number, number];
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

/** Keeps the servers busy until they have used so much CPU time. */
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

/** CPU µs that all threads of a process have used. Undefined where the system does not say. */
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
