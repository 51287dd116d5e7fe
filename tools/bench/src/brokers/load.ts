// The clients of two servers, in one process: raw sockets that send and read frames without a library.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { serveDriver } from '../measured/control.mjs';
import type { Dialect, JoinedReport, Workload } from './plan.ts';

const HOST = '127.0.0.1';
const SIZE = 64;
/** How many digits the number at the start of a message has. Each topic has its own count. */
const DIGITS = 10;
const FIN_TEXT = 0x81;
const MASKED = 0x80;
const KEY = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
const END_OF_HEAD = '\r\n\r\n';

/** The text before and after a message in the payload of its frame. */
const AROUND: Readonly<Record<Dialect, readonly [before: string, after: string]>> = {
  websocket: ['', ''],
  'socket.io': ['42["m","', '"]'],
  raw: ['', ''],
};

/** The answer to the first packet of socket.io: it connects to the default namespace. */
const CONNECT = '40';

interface Task {
  readonly dialect: Dialect;
  readonly ports: readonly [number, number];
  readonly workload: Workload;
}

/** A topic: one publisher, and its subscribers. */
interface Topic {
  readonly publisher: Socket;
  readonly subscribers: readonly Subscriber[];
  sent: number;
  /** How many deliveries to subscribers have not arrived yet. */
  missing: number;
}

let topics: Topic[] = [];
let task: Task | undefined;

/** A socket whose frames are read one after the other. Their payloads are at most 125 bytes long. */
class Reader {
  readonly socket: Socket;
  /** Called with each payload. */
  onPayload: (payload: Buffer) => void = () => undefined;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, head: Buffer) {
    this.socket = socket;
    this.#rest = head;
    socket.on('data', (chunk) => this.#read(chunk));
  }

  /** Waits for the next payload that starts with this text. */
  next(beginning: string): Promise<void> {
    return new Promise((resolve) => {
      this.onPayload = (payload) => {
        if (payload.toString('latin1').startsWith(beginning)) resolve();
      };
      this.#read(Buffer.alloc(0));
    });
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const end = at + 2 + (bytes[at + 1] ?? Infinity);
      if (end > bytes.length) break;
      this.onPayload(bytes.subarray(at + 2, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
  }
}

/** A subscriber, which checks that every message arrives once and in order. */
class Subscriber {
  readonly server: number;
  readonly #numberAt: number;
  #last = 0;

  constructor(reader: Reader, server: number, dialect: Dialect, received: (subscriber: Subscriber) => void) {
    this.server = server;
    this.#numberAt = AROUND[dialect][0].length;
    reader.onPayload = (payload) => {
      let number = 0;
      for (let i = 0; i < DIGITS; i++) number = number * 10 + (payload[this.#numberAt + i] ?? 0) - 48;
      if (number !== ++this.#last) throw new Error(`message ${number} arrived instead of ${this.#last}`);
      received(this);
    };
  }
}

async function open(port: number, query: string, dialect: Dialect): Promise<Reader> {
  const socket = connect({ host: HOST, port }).setNoDelay(true);
  await once(socket, 'connect');
  const path = dialect === 'socket.io' ? '/socket.io/?EIO=4&transport=websocket&' : '/?';
  const lines = [
    `GET ${path}${query} HTTP/1.1`,
    `Host: ${HOST}:${port}`,
    ...['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'],
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  socket.write(`${lines.join('\r\n')}${END_OF_HEAD}`);
  let head: Buffer = Buffer.alloc(0);
  let end = -1;
  while (end < 0) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    head = Buffer.concat([head, chunk]);
    end = head.indexOf(END_OF_HEAD);
  }
  if (!head.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(head.toString('latin1'));
  const reader = new Reader(socket, head.subarray(end + END_OF_HEAD.length));
  if (dialect === 'socket.io') {
    await reader.next('0{');
    socket.write(frameOf(CONNECT, dialect));
  }
  await reader.next(`${AROUND[dialect][0]}ready`);
  return reader;
}

function frameOf(text: string, dialect: Dialect): Buffer {
  const payload = Buffer.from(text);
  if (dialect === 'raw') return Buffer.concat([Buffer.from([FIN_TEXT, payload.length]), payload]);
  for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (KEY[i & 3] ?? 0);
  return Buffer.concat([Buffer.from([FIN_TEXT, MASKED | payload.length]), KEY, payload]);
}

/** Publishes the next messages of a topic, in one write. */
function publish(topic: Topic, count: number): void {
  const { dialect } = task as Task;
  const [before, after] = AROUND[dialect];
  const frames = Array.from({ length: count }, () => {
    const text = String(++topic.sent).padStart(DIGITS, '0').padEnd(SIZE, ' message');
    return frameOf(`${before}${text}${after}`, dialect);
  });
  topic.missing += count * topic.subscribers.length;
  topic.publisher.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames));
}

/** Called when a subscriber has received a message. */
let received: (topic: Topic, subscriber: Subscriber) => void = () => undefined;

async function openTopic(number: number): Promise<Topic> {
  const { ports, dialect, workload } = task as Task;
  const connectTo = (server: number, role: string): Promise<Reader> =>
    open(ports[server] ?? 0, `topic=topic-${workload.name}-${number}&role=${role}`, dialect);
  const servers = workload.isOneWay ? [1] : [0, 1];
  const places = servers.flatMap((server) => new Array<number>(workload.subscribers).fill(server));
  const subscribers: Subscriber[] = [];
  for (const server of places) {
    const reader = await connectTo(server, 'subscriber');
    subscribers.push(
      new Subscriber(reader, server, dialect, (subscriber) => {
        topic.missing--;
        received(topic, subscriber);
      }),
    );
    sockets.push(reader.socket);
  }
  const { socket: publisher } = await connectTo(workload.isOneWay ? 0 : number % 2, 'publisher');
  sockets.push(publisher);
  const topic: Topic = { publisher, subscribers, sent: 0, missing: 0 };
  return topic;
}

const sockets: Socket[] = [];

serveDriver(
  {},
  {
    async open(argument: Task): Promise<void> {
      task = argument;
      topics = await Promise.all(
        Array.from({ length: task.workload.topics }, (_, number) => openTopic(number)),
      );
    },
    /** Every publisher publishes for this many milliseconds. Resolves when everything that was published has been received. */
    run(milliseconds: number): Promise<JoinedReport> {
      const { burst } = (task as Task).workload;
      const start = performance.now();
      const before = topics.reduce((sum, { sent }) => sum + sent, 0);
      let count = 0;
      let busy = topics.length;
      return new Promise((resolve) => {
        received = (topic) => {
          count++;
          if (topic.missing > 0) return;
          if (performance.now() - start < milliseconds) publish(topic, burst);
          else if (--busy === 0) {
            const published = topics.reduce((sum, { sent }) => sum + sent, 0) - before;
            resolve({ published, received: count, seconds: (performance.now() - start) / 1000 });
          }
        };
        for (const topic of topics) publish(topic, burst);
      });
    },
    /** Sends one message at a time. Returns the median and the 99th percentile of the µs until a client of the other server has it. */
    async latency(messages: number): Promise<{ p50: number; p99: number }> {
      const { isOneWay } = (task as Task).workload;
      const histogram = createHistogram();
      for (let i = 0; i < messages; i++) {
        const number = i % topics.length;
        const topic = topics[number] as Topic;
        const from = isOneWay ? 0 : number % 2;
        const start = process.hrtime.bigint();
        await new Promise<void>((resolve) => {
          received = ({ missing }, { server }) => {
            if (server !== from) histogram.record(process.hrtime.bigint() - start);
            if (missing === 0) resolve();
          };
          publish(topic, 1);
        });
      }
      return { p50: histogram.percentile(50) / 1000, p99: histogram.percentile(99) / 1000 };
    },
    close(): void {
      for (const socket of sockets.splice(0)) socket.resetAndDestroy();
      topics = [];
    },
  },
);
