// The exchange of messages over open connections: each group of connections writes, waits for a number of messages, and writes again.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { newsTexts } from '../measured/texts.mjs';
import type { LoadReport, Scenario } from '../plan.ts';
import { closeFrame, prepareMessages } from './frames.ts';
import { closeAll, openAll, type Target } from './open.ts';
import { Pongs } from './pongs.ts';
import { decodeMessage, MessageCounter } from './replies.ts';

/** Connections that write again together: a single one for an echo, all of them for a broadcast. */
interface Group {
  readonly writer: Socket;
  /** How many messages it waits for before it writes again. */
  readonly expected: number;
  received: number;
  wroteAt: number;
  /** Which of the prepared writes is next. */
  next: number;
}

/** More bytes than the kernel buffers for one connection that reads nothing. */
const KERNEL_HOLDS = 8 * 1024 * 1024;

/** One server's connections, and what is sent over them. */
export class Exchange {
  readonly #sockets: Socket[];
  readonly #groups: Group[];
  readonly #writes: Buffer[];
  readonly #pongs: Pongs;
  #deadline = 0;
  #busy = 0;
  #messages = 0;
  #bytes = 0;
  #latency = createHistogram();
  #allIdle: () => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;

  /** Opens the connections, and checks that the first answer is correct. */
  static async open(scenario: Scenario, target: Target): Promise<Exchange> {
    const pongs = new Pongs();
    const sockets = await openAll(target, scenario.connections, (socket) => {
      if (scenario.heartbeat !== undefined) pongs.answerOn(socket);
    });
    const deaf: Socket[] = [];
    const silent: Socket[] = [];
    try {
      deaf.push(...(await openAll(target, scenario.deaf ?? 0)));
      for (const socket of deaf) socket.pause();
      silent.push(...(await openAll(target, scenario.silent ?? 0)));
      await check(scenario, sockets);
      const exchange = new Exchange(scenario, sockets, [...deaf, ...silent], pongs);
      if (deaf.length > 0) await exchange.#fillKernel();
      return exchange;
    } catch (error) {
      closeAll([...sockets, ...deaf, ...silent]);
      throw error;
    }
  }

  private constructor(scenario: Scenario, sockets: Socket[], others: Socket[], pongs: Pongs) {
    const { kind, burst } = scenario;
    this.#pongs = pongs;
    this.#writes = writesOf(
      prepareMessages(scenario).map(({ wire }) => wire),
      kind === 'echo' ? burst : 1,
    );
    this.#sockets = [...sockets, ...others];
    const whole = kind === 'broadcast';
    const writers = whole ? sockets.slice(0, 1) : sockets;
    const expected = whole ? sockets.length * burst : burst;
    this.#groups = writers.map((writer, i) => ({ writer, expected, received: 0, wroteAt: 0, next: i }));
    sockets.forEach((socket, i) => this.#count(socket, this.#groups[whole ? 0 : i] as Group));
    for (const socket of this.#sockets) this.#failWith(socket);
  }

  /** Exchanges messages for this time, and until every expected message has arrived. */
  async run(milliseconds: number): Promise<LoadReport> {
    this.#messages = 0;
    this.#bytes = 0;
    this.#latency = createHistogram();
    const began = performance.now();
    this.#deadline = began + milliseconds;
    await new Promise<void>((resolve, reject) => {
      this.#allIdle = resolve;
      this.#failed = reject;
      this.#busy = this.#groups.length;
      for (const group of this.#groups) this.#write(group);
    });
    return {
      messages: this.#messages,
      seconds: (performance.now() - began) / 1000,
      p50: this.#latency.percentile(50) / 1000,
      p99: this.#latency.percentile(99) / 1000,
      bytes: this.#bytes / this.#messages,
    };
  }

  /** Only answers pings for this time. Returns the number of pongs. */
  async answer(milliseconds: number): Promise<LoadReport> {
    const [began, before] = [performance.now(), this.#pongs.sent];
    await new Promise((resolve, reject) => {
      this.#failed = reject;
      setTimeout(resolve, milliseconds);
    });
    return { messages: this.#pongs.sent - before, seconds: (performance.now() - began) / 1000 };
  }

  /** Fills the kernel's buffers, so that further messages to connections that read nothing wait in the server. */
  async #fillKernel(): Promise<void> {
    const [listening] = this.#sockets;
    while (listening && listening.bytesRead < KERNEL_HOLDS) await this.run(50);
  }

  /** Closes the connections with the closing handshake. The server ends them first (RFC 6455 §7.1.1), so no local port stays in use. */
  async leave(): Promise<void> {
    const frame = closeFrame();
    const ends = this.#sockets.map((socket) => {
      if (socket.destroyed) throw new Error('A connection has closed early');
      socket.removeAllListeners('close').write(frame);
      return once(socket, 'close');
    });
    await Promise.all(ends);
  }

  /** Ends the connections immediately. */
  close(): void {
    closeAll(this.#sockets);
  }

  #count(socket: Socket, group: Group): void {
    const counter = new MessageCounter();
    socket.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
      const messages = counter.push(chunk);
      this.#messages += messages;
      group.received += messages;
      if (group.received >= group.expected) this.#answered(group);
    });
  }

  #failWith(socket: Socket): void {
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => this.#failed(new Error('the server closed a connection')));
  }

  #answered(group: Group): void {
    const now = performance.now();
    this.#latency.record(Math.max(1, Math.round((now - group.wroteAt) * 1e6)));
    group.received -= group.expected;
    if (now < this.#deadline) this.#write(group);
    else if (--this.#busy === 0) this.#allIdle();
  }

  #write(group: Group): void {
    group.wroteAt = performance.now();
    group.writer.write(this.#writes[group.next++ % this.#writes.length] ?? '');
  }
}

/**
 * Writes of `each` messages in order. The next write does not repeat a message, because a compressor with context takeover would find it.
 */
export function writesOf(wires: readonly Buffer[], each: number): Buffer[] {
  if (each === 1) return [...wires];
  return Array.from({ length: Math.ceil(wires.length / each) }, (_, write) => {
    const messages = Array.from({ length: each }, (_, i) => wires[(write * each + i) % wires.length]);
    return Buffer.concat(messages.filter((wire) => wire !== undefined));
  });
}

/** Sends one message and checks every reply in full, so that a wrong peer is not measured. */
async function check(scenario: Scenario, sockets: Socket[]): Promise<void> {
  const [socket] = sockets;
  const [message] = prepareMessages(scenario);
  if (!socket || !message) throw new Error(`${scenario.name} has no connections`);
  const says = scenario.kind === 'push' || scenario.kind === 'broadcast';
  const listening = scenario.kind === 'broadcast' ? sockets : [socket];
  const replies = listening.map((each) => collect(each, says ? scenario.burst : 1));
  socket.write(message.wire);
  const expected = new Set(says ? newsTexts(scenario.size) : [message.payload.toString('latin1')]);
  for (const reply of await Promise.all(replies)) {
    if (!expected.has(decodeMessage(reply).toString('latin1'))) {
      throw new Error('the server sent a wrong message');
    }
  }
}

/** Collects the bytes of this many messages. */
function collect(socket: Socket, messages: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const counter = new MessageCounter();
    const chunks: Buffer[] = [];
    let seen = 0;
    const failed = (): void => reject(new Error('the server closed the connection'));
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      seen += counter.push(chunk);
      if (seen < messages) return;
      socket.off('data', onData).off('close', failed);
      resolve(Buffer.concat(chunks));
    };
    socket.on('data', onData).once('close', failed);
    socket.on('error', () => undefined);
  });
}
