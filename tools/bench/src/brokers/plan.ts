// What is measured between servers: the peers, and the workloads of their clients.

/** The protocol of a peer's clients. */
export type Dialect = 'websocket' | 'socket.io' | 'raw';

/** Servers of one library, joined by one broker. */
export interface BrokerPeer {
  readonly name: string;
  readonly title: string;
  readonly library: 'framewire' | 'socket.io' | 'raw';
  readonly broker: 'redis' | 'nats' | 'hub';
  readonly history: boolean;
  readonly dialect: Dialect;
}

/** What the clients of two servers do. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  /** How many topics. Each has one publisher, alternately at one server and the other. */
  readonly topics: number;
  /** How many subscribers each topic has at each server. */
  readonly subscribers: number;
  /** How many messages a publisher writes together. It then waits until every subscriber has received them. */
  readonly burst: number;
  /** Whether all publishers are at the first server, and all subscribers at the second one. */
  readonly isOneWay: boolean;
}

/** One turn of a peer. */
export interface BrokerSample {
  /** CPU µs of both servers, and of the hub, for each message that a subscriber received. */
  readonly cpu: number;
  /** CPU µs of the first and of the second server, and of the hub, for each message that was published. */
  readonly servers: readonly [number, number, number];
  /** CPU µs of the engine for each message that was published. Undefined without an engine, or if the system does not report it. */
  readonly engine?: number | undefined;
  /** Messages a second that subscribers received. */
  readonly rate: number;
  /** µs from a client of one server to a client of the other, with one message at a time. */
  readonly p50: number;
  readonly p99: number;
}

/** All turns of the peers in one workload. */
export interface WorkloadResult {
  readonly workload: string;
  readonly results: readonly { readonly peer: string; readonly samples: readonly BrokerSample[] }[];
}

/** A run. */
export interface BrokersRun {
  readonly machine: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly workloads: readonly WorkloadResult[];
}

/** What the load generator reports about one run. */
export interface JoinedReport {
  readonly published: number;
  readonly received: number;
  readonly seconds: number;
}

function framewire(broker: BrokerPeer['broker'], history: boolean, title: string): BrokerPeer {
  const name = `${broker}${history ? '-history' : ''}`;
  return { name, title, library: 'framewire', broker, history, dialect: 'websocket' };
}

export const OURS_ON_REDIS = 'redis';
export const SOCKET_IO = 'socket.io';
export const FLOOR = 'raw-redis';

export const brokerPeers: readonly BrokerPeer[] = [
  framewire('redis', false, 'framewire, Redis'),
  framewire('redis', true, 'framewire, Redis with history'),
  framewire('nats', false, 'framewire, NATS'),
  framewire('nats', true, 'framewire, NATS with history'),
  framewire('hub', false, 'framewire, TopicHub'),
  {
    ...{ name: SOCKET_IO, title: 'socket.io, Redis adapter', library: 'socket.io', dialect: 'socket.io' },
    ...{ broker: 'redis', history: false },
  },
  {
    ...{ name: FLOOR, title: 'client of Redis, raw sockets', library: 'raw', dialect: 'raw' },
    ...{ broker: 'redis', history: false },
  },
  {
    ...{ name: 'raw-nats', title: 'client of NATS, raw sockets', library: 'raw', dialect: 'raw' },
    ...{ broker: 'nats', history: false },
  },
];

const ONE = 'one message at a time';
const MANY = '16 messages at a time';

/** The workloads. Those with many messages come first, so that the code is compiled when the others are measured. */
export const workloads: readonly Workload[] = [
  {
    ...{ name: 'pairs-x16', title: `50 topics with a subscriber at each server, ${MANY}` },
    ...{ topics: 50, subscribers: 1, burst: 16, isOneWay: false },
  },
  {
    ...{ name: 'rooms-x16', title: `2 topics with 50 subscribers at each server, ${MANY}` },
    ...{ topics: 2, subscribers: 50, burst: 16, isOneWay: false },
  },
  {
    ...{ name: 'rooms-x1', title: `2 topics with 50 subscribers at each server, ${ONE}` },
    ...{ topics: 2, subscribers: 50, burst: 1, isOneWay: false },
  },
  {
    ...{ name: 'pairs-x1', title: `50 topics with a subscriber at each server, ${ONE}` },
    ...{ topics: 50, subscribers: 1, burst: 1, isOneWay: false },
  },
  {
    ...{ name: 'one-way-x1', title: `50 topics with a subscriber at the other server, ${ONE}` },
    ...{ topics: 50, subscribers: 1, burst: 1, isOneWay: true },
  },
];
