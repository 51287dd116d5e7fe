// What a scenario asks of the load generator, of a server and of a client: data, sent between the processes as JSON.

/** What the messages are made of. */
export type Payload = 'binary' | 'ascii' | 'non-ascii' | 'json';

/** What is done with connections. */
export type Kind = 'echo' | 'push' | 'broadcast' | 'client' | 'idle' | 'upgrade';

/** How messages are compressed (RFC 7692). */
export interface Compression {
  /** Whether each side keeps its window from one message to the next. */
  readonly takeover: boolean;
  /** The zlib level of the server; left out, each library's own default. */
  readonly level?: number;
}

/** One thing that is measured, the same for every peer. */
export interface Scenario {
  /** What it is called on the command line: lower case, no blanks. */
  readonly name: string;
  /** What it is called in a report. */
  readonly title: string;
  readonly kind: Kind;
  readonly connections: number;
  /** Broadcast: how many more there are that read nothing once they are open. Default 0. */
  readonly deaf?: number;
  /** Echo: how many more there are that say nothing. Default 0. */
  readonly silent?: number;
  /** Bytes of a message before compression. */
  readonly size: number;
  /** Echo: messages in flight on each connection, sent in one write. Else: messages a turn. */
  readonly burst: number;
  readonly payload: Payload;
  /** Into how many frames a message is cut. Default 1. */
  readonly fragments?: number;
  readonly compression?: Compression;
  readonly tls?: boolean;
  /** Whether the server looks at `bufferedAmount` before each send, as programs do that watch for slow readers. */
  readonly guarded?: boolean;
  /** Whether a library that has prepared messages sends them. */
  readonly prepared?: boolean;
  /** Idle: how often the server pings a connection, in ms; what that costs is measured too. Default: never. */
  readonly heartbeat?: number;
  /** Whether framewire publishes to a topic that everybody has subscribed to. */
  readonly topics?: boolean;
  /** Whether the longest time that the event loop was held is told too. */
  readonly watchLoop?: boolean;
  /** How many times as long a process warms up, where a message runs through much code and few come in a second. Default 1. */
  readonly warmUps?: number;
  /** What its picture, spread and ratios are of. Default: CPU time. */
  readonly shows?: 'cpu' | 'p50' | 'rss';
}

/** What the load generator tells about what it did. */
export interface LoadReport {
  readonly messages: number;
  readonly seconds: number;
  /** Microseconds from a burst's write to its last reply: median and 99th percentile. None of a client, which awaits nothing. */
  readonly p50?: number;
  readonly p99?: number;
  /** Bytes that came in, with the frame headers, for each message. None of a client. */
  readonly bytes?: number;
}
