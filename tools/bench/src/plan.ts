// What a scenario requires from the load generator, from a server and from a client: data that the processes exchange as JSON.

/** The contents of messages. */
export type Payload = 'binary' | 'ascii' | 'non-ascii' | 'json';

/** What is done with connections. */
export type Kind = 'echo' | 'push' | 'broadcast' | 'client' | 'idle' | 'upgrade';

/** How messages are compressed (RFC 7692). */
export interface Compression {
  /** Whether each side keeps its window from one message to the next. */
  readonly takeover: boolean;
  /** The zlib level of the server. Default: that of each library. */
  readonly level?: number;
}

/** One thing that is measured, the same for every peer. */
export interface Scenario {
  /** Its name on the command line: lower case, without spaces. */
  readonly name: string;
  /** Its title in a report. */
  readonly title: string;
  readonly kind: Kind;
  readonly connections: number;
  /** Broadcast: how many more connections read nothing after they open. Default: 0. */
  readonly deaf?: number;
  /** Echo: how many more connections send nothing. Default: 0. */
  readonly silent?: number;
  /** Bytes of a message before compression. */
  readonly size: number;
  /** Echo: messages in flight on each connection, sent in one write. Otherwise: messages a turn. */
  readonly burst: number;
  readonly payload: Payload;
  /** How many frames each message has. Default: 1. */
  readonly fragments?: number;
  readonly compression?: Compression;
  readonly tls?: boolean;
  /** Whether the server reads `bufferedAmount` before each send, like programs that watch for slow readers. */
  readonly guarded?: boolean;
  /** Whether libraries that have prepared messages use them. */
  readonly prepared?: boolean;
  /** Idle: how often the server pings a connection, in ms. The cost of a ping is measured too. Default: never. */
  readonly heartbeat?: number;
  /** Whether framewire publishes to a topic that all connections subscribe to. */
  readonly topics?: boolean;
  /** Whether the longest time that the event loop was busy is measured too. */
  readonly watchLoop?: boolean;
  /** A factor for the warm-up, for scenarios with much code and few messages a second. Default: 1. */
  readonly warmUps?: number;
  /** The main figure, which its picture, spread and ratios show. Default: CPU time. */
  readonly shows?: 'cpu' | 'p50' | 'rss';
}

/** What the load generator reports about a run. */
export interface LoadReport {
  readonly messages: number;
  readonly seconds: number;
  /** Microseconds from a burst's write to its last reply: median and 99th percentile. Undefined for a client, which awaits no replies. */
  readonly p50?: number;
  readonly p99?: number;
  /** Received bytes for each message, including frame headers. Undefined for a client. */
  readonly bytes?: number;
}
