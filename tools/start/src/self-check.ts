/** The self-check: our client talks to our server over a real socket. Each step checks one thing that a connection must do. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'framewire';
import { nextEvent } from './next-event.ts';
import type { AddressInfo } from 'node:net';

/** One thing that is checked. */
interface Step {
  title: string;
  /** Returns the result, in a few words. Throws an error with the reason if the check fails. */
  run(bench: Bench): Promise<string>;
}

/** The result of a step. `skipped`: it did not run, because an earlier step failed. */
export interface StepResult {
  title: string;
  outcome: 'passed' | 'failed' | 'skipped';
  /** How long it took, in milliseconds; 0 for a skipped one. */
  milliseconds: number;
  /** The result, or the reason why the step failed. */
  detail: string;
}

/** The server and the client that the steps use. Each step leaves them ready for the next. */
class Bench {
  readonly #startServer: () => WebSocketServer;
  #server: WebSocketServer | undefined;
  #client: WebSocket | undefined;

  constructor(startServer: () => WebSocketServer) {
    this.#startServer = startServer;
  }

  async listen(): Promise<number> {
    this.#server = this.#startServer();
    await once(this.#server, 'listening');
    return this.port;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get server(): WebSocketServer {
    if (this.#server === undefined) throw new Error('no server is running');
    return this.#server;
  }

  get client(): WebSocket {
    if (this.#client === undefined) throw new Error('no client is connected');
    return this.#client;
  }

  set client(client: WebSocket) {
    this.#client = client;
  }

  dispose(): void {
    this.#client?.on('error', () => undefined);
    this.#client?.terminate();
    for (const connection of this.#server?.clients ?? []) connection.terminate();
    this.#server?.close();
  }
}

/** Starts a server on a free loopback port that sends every message back unchanged. */
export function startEchoServer(): WebSocketServer {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (connection) => {
    connection.on('message', (data, isBinary) => {
      connection.send(data, { binary: isBinary });
    });
  });
  return server;
}

/**
 * Runs every step, in order, until one fails. Never rejects, and leaves nothing running.
 *
 * @param report Called with each result as it comes.
 * @param startServer Starts the server to check. Default: one that echoes.
 * @returns All results.
 */
export async function runSelfCheck(
  report: (result: StepResult) => void,
  startServer: () => WebSocketServer = startEchoServer,
): Promise<StepResult[]> {
  const bench = new Bench(startServer);
  const results: StepResult[] = [];
  let failed = false;
  for (const step of STEPS) {
    const result: StepResult = failed
      ? { title: step.title, outcome: 'skipped', milliseconds: 0, detail: 'not run' }
      : await runStep(step, bench);
    failed ||= result.outcome === 'failed';
    results.push(result);
    report(result);
  }
  bench.dispose();
  return results;
}

async function runStep(step: Step, bench: Bench): Promise<StepResult> {
  const start = performance.now();
  const done = (outcome: StepResult['outcome'], detail: string): StepResult => ({
    title: step.title,
    outcome,
    milliseconds: performance.now() - start,
    detail,
  });
  try {
    return done('passed', await step.run(bench));
  } catch (error) {
    return done('failed', error instanceof Error ? error.message : String(error));
  }
}

const MEBIBYTE = 1024 * 1024;
const TEXT = 'Grüße, 世界 👋';
const FRAGMENTS = ['one message, ', 'in four ', 'frag', 'ments'];
const CLOSE_REASON = 'self-check done';

const STEPS: readonly Step[] = [
  {
    title: 'The server listens',
    async run(bench) {
      return `port ${await bench.listen()}`;
    },
  },
  {
    title: 'The client connects',
    async run(bench) {
      bench.client = new WebSocket(`ws://127.0.0.1:${bench.port}`);
      const upgraded = nextEvent(bench.client, 'upgrade');
      await nextEvent(bench.client, 'open');
      const [response] = await upgraded;
      return `HTTP ${(response as { statusCode: number }).statusCode}`;
    },
  },
  {
    title: 'Text comes back',
    async run(bench) {
      bench.client.send(TEXT);
      await expectMessage(bench.client, Buffer.from(TEXT), false);
      return `${Buffer.byteLength(TEXT)} bytes of UTF-8`;
    },
  },
  {
    title: 'Binary comes back',
    async run(bench) {
      const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      bench.client.send(everyByte);
      await expectMessage(bench.client, everyByte, true);
      return 'every byte value';
    },
  },
  {
    title: 'A large message comes back',
    async run(bench) {
      const large = randomBytes(MEBIBYTE);
      // Sends a copy, because masking may happen in place.
      bench.client.send(Buffer.from(large));
      await expectMessage(bench.client, large, true);
      return '1 MiB each way';
    },
  },
  {
    title: 'Fragments arrive as one message',
    async run(bench) {
      FRAGMENTS.forEach((fragment, index) => {
        bench.client.send(fragment, { fin: index === FRAGMENTS.length - 1 });
      });
      await expectMessage(bench.client, Buffer.from(FRAGMENTS.join('')), false);
      return `${FRAGMENTS.length} fragments`;
    },
  },
  {
    title: 'A ping is answered',
    async run(bench) {
      const payload = randomBytes(8);
      const answered = nextEvent(bench.client, 'pong');
      bench.client.ping(Buffer.from(payload));
      const [answer] = await answered;
      if (!payload.equals(answer as Buffer))
        throw new Error('the payload of the pong differs from that of the ping');
      return 'pong with the same payload';
    },
  },
  {
    title: 'Both sides close',
    async run(bench) {
      const [connection] = bench.server.clients;
      if (connection === undefined) throw new Error('the server has lost the connection');
      const endings = [nextEvent(connection, 'close'), nextEvent(bench.client, 'close')];
      bench.client.close(1000, CLOSE_REASON);
      for (const [code, reason] of await Promise.all(endings)) {
        if (code !== 1000) throw new Error(`one side received close code ${String(code)}, not 1000`);
        if (String(reason) !== CLOSE_REASON) throw new Error('one side received a different reason');
      }
      return 'code 1000 and the reason, both ways';
    },
  },
];

async function expectMessage(socket: WebSocket, expected: Buffer, binary: boolean): Promise<void> {
  const [data, isBinary] = await nextEvent(socket, 'message');
  if (isBinary !== binary) throw new Error(`the answer is ${binary ? 'text' : 'binary'}`);
  const bytes = data as Buffer;
  if (bytes.length !== expected.length) {
    throw new Error(`${expected.length} bytes were sent, ${bytes.length} came back`);
  }
  if (!expected.equals(bytes)) throw new Error('the answer differs from the message');
}
