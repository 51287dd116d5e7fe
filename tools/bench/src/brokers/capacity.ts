// A simulation of more servers than were measured: which part is the first to run out of CPU time or bandwidth. The guide "More than one
// server" shows its tables and names its assumptions.
import { formatNumber } from '../format.ts';
import { table } from '../page.ts';
import type { BrokersRun } from './plan.ts';
import { brokerFigure, titleOfPeer } from './report.ts';

/** CPU µs of each step of a message. */
export interface Costs {
  /** A server receives it from a client and passes it to the broker. */
  readonly publish: number;
  /** A server receives it from the broker. */
  readonly receive: number;
  /** A server sends it to one client. */
  readonly deliver: number;
  /** The engine receives it. */
  readonly engineReceive: number;
  /** The engine sends it to one server. */
  readonly engineSend: number;
}

/** What the clients of a deployment do. */
export interface Deployment {
  readonly title: string;
  /** Clients of each server. */
  readonly clients: number;
  /** Subscribers of each topic, or all clients. They are distributed over the servers at random. */
  readonly members: number | 'all';
  /** Messages a second that each client publishes, or that all clients publish together if all subscribe to one topic. */
  readonly rate: number;
}

/** How much of each part is in use: 1 is all of it. */
export interface Use {
  /** The one core of a server's process. */
  readonly server: number;
  /** The one core of the engine. */
  readonly engine: number;
  /** The outgoing bandwidth of the engine's network card. */
  readonly network: number;
}

/** How many bytes the engine sends for a message of 64 bytes: with the envelope, the name of its topic and the protocol. */
const BYTES = 150;
/** 1 Gbit/s. */
const BYTES_A_SECOND = 125_000_000;
const MICROSECONDS = 1e6;
const SERVERS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
/** The most servers that are simulated. */
const MOST_SERVERS = 1000;

/** The brokers that are simulated: those that join machines. */
export const SIMULATED = ['redis', 'nats'];

export const deployments: readonly Deployment[] = [
  { title: 'documents of 5', clients: 10_000, members: 5, rate: 0.2 },
  { title: 'rooms of 50', clients: 10_000, members: 50, rate: 0.05 },
  { title: 'rooms of 500', clients: 10_000, members: 500, rate: 0.005 },
  { title: 'one topic for all clients', clients: 10_000, members: 'all', rate: 2 },
];

/**
 * Computes the costs from the figures of three workloads.
 *
 * In `one-way-x1`, the first server publishes a message, and the second one receives and delivers it. In `rooms-x1`, the two servers
 * publish once, receive twice and deliver 100 times. The engine sends a message once in `one-way-x1`, and twice in `pairs-x1`.
 *
 * @throws {Error} If the run lacks one of the workloads for this peer
 */
export function costsOf(run: BrokersRun, peer: string): Costs {
  const of = (workload: string, value: Parameters<typeof brokerFigure>[3]): number => {
    const figure = brokerFigure(run, workload, peer, value);
    if (figure === undefined) throw new Error(`${peer} was not measured in ${workload}`);
    return figure.median;
  };
  const publish = of('one-way-x1', ({ servers }) => servers[0]);
  const receiveAndDeliver = of('one-way-x1', ({ servers }) => servers[1]);
  const both = of('rooms-x1', ({ servers }) => servers[0] + servers[1]);
  const deliver = Math.max(0, (both - publish - 2 * receiveAndDeliver) / 98);
  const once = of('one-way-x1', ({ engine }) => engine);
  const engineSend = Math.max(0, of('pairs-x1', ({ engine }) => engine) - once);
  return {
    publish,
    receive: Math.max(0, receiveAndDeliver - deliver),
    deliver,
    engineReceive: Math.max(0, once - engineSend),
    engineSend,
  };
}

/** How much of each part is in use with this many servers. */
export function useOf(costs: Costs, { clients, members, rate }: Deployment, servers: number): Use {
  const isForAll = members === 'all';
  const published = isForAll ? rate : rate * clients * servers;
  const subscribers = isForAll ? clients * servers : members;
  const reached = servers * (1 - (1 - 1 / servers) ** subscribers);
  const perServer = costs.publish + reached * costs.receive + subscribers * costs.deliver;
  return {
    server: (published * perServer) / servers / MICROSECONDS,
    engine: (published * (costs.engineReceive + reached * costs.engineSend)) / MICROSECONDS,
    network: (published * reached * BYTES) / BYTES_A_SECOND,
  };
}

/** The smallest number of servers that use up a part, and that part. Undefined if even {@link MOST_SERVERS} do not. */
export function limitOf(
  costs: Costs,
  deployment: Deployment,
): { readonly servers: number; readonly part: keyof Use } | undefined {
  for (let servers = 1; servers <= MOST_SERVERS; servers++) {
    const use = Object.entries(useOf(costs, deployment, servers)) as [keyof Use, number][];
    const [part, share] = use.reduce((most, each) => (each[1] > most[1] ? each : most));
    if (share > 1) return { servers, part };
  }
  return undefined;
}

const PARTS: Readonly<Record<keyof Use, string>> = {
  server: 'the servers',
  engine: 'the engine',
  network: 'the network of the engine',
};

/** The costs of each broker, in Markdown. */
export function costsTable(run: BrokersRun): string {
  const heads = [
    'CPU µs',
    'server publishes',
    'server receives',
    'server sends to a client',
    'engine receives',
    'engine sends to a server',
  ];
  const rows = SIMULATED.map((peer) => {
    const { publish, receive, deliver, engineReceive, engineSend } = costsOf(run, peer);
    const costs = [publish, receive, deliver, engineReceive, engineSend];
    return [titleOfPeer(peer), ...costs.map((cost) => formatNumber(cost, 1))];
  });
  return table(heads, rows);
}

/** Which part is used up first, in Markdown: a row for each deployment, a column for each broker. */
export function limitsTable(run: BrokersRun): string {
  const rows = deployments.map((deployment) => [
    deployment.title,
    ...SIMULATED.map((peer) => {
      const limit = limitOf(costsOf(run, peer), deployment);
      return limit === undefined ? `none up to ${MOST_SERVERS}` : `${PARTS[limit.part]}, at ${limit.servers}`;
    }),
  ]);
  return table(['', ...SIMULATED.map(titleOfPeer)], rows);
}

/** How much of each part is in use with Redis, in Markdown: server / engine / network. */
export function useTable(run: BrokersRun): string {
  const costs = costsOf(run, 'redis');
  const rows = SERVERS.map((servers) => [
    formatNumber(servers, 0),
    ...deployments.map((deployment) => {
      const { server, engine, network } = useOf(costs, deployment, servers);
      return [server, engine, network].map((share) => formatNumber(100 * share, 0)).join(' / ');
    }),
  ]);
  return table(['servers', ...deployments.map(({ title }) => title)], rows);
}
