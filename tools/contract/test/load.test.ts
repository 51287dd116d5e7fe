// Very many connections to one process, and very many messages on one connection.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { RawData, WebSocket } from 'ws';
import { startRelay } from '../src/chopping-relay.ts';
import { startCrowdClients, startCrowdServer } from '../src/crowd.ts';
import { NumberedMessages } from '../src/numbered-messages.ts';
import { control, pairings, type UntypedOptions } from '../src/pairings.ts';

/** The number of connections, and the number of messages in each direction on one connection. */
interface Load {
  readonly connections: number;
  readonly messages: number;
}

/** For framewire with itself. */
const FULL: Load = { connections: 10_000, messages: 100_000 };
/** With ws on one side, less load is enough to show that both agree. */
const WITH_WS: Load = { connections: 1_000, messages: 10_000 };

const SEED = 20_261_123;

/** After this time, a test fails. It takes far less. */
const LIMIT = 100_000;

/** Bytes that may wait in a connection before the sender waits too. */
const HIGH_WATER_MARK = 1024 * 1024;

/** The relay is slower than the senders, so more pongs wait than the default allows. */
const ANY_NUMBER_OF_PINGS: UntypedOptions = { maxPendingAutoPongs: 0 };

describe.each(
  pairings.filter((pairing) => pairing !== control).map((pairing) => [pairing.name, pairing] as const),
)('%s', (_name, pairing) => {
  const { connections, messages } = pairing.server === pairing.client ? FULL : WITH_WS;

  test(
    `${connections} connections are held concurrently, each carries a message both ways, and each closes cleanly`,
    { timeout: LIMIT },
    async () => {
      const server = startCrowdServer(pairing.server);
      const clients = startCrowdClients(pairing.client);
      try {
        expect(await clients.openAll({ url: await server.url(), count: connections })).toBe(connections);
        expect((await server.report()).open).toBe(connections);
        expect(await clients.talk()).toEqual({ echoed: connections, wrong: 0 });
        expect(await clients.closeAll()).toEqual({ 1000: connections });
        expect(await server.reportAtTheEnd()).toEqual({
          open: 0,
          messages: connections,
          errors: 0,
          closed: { 1000: connections },
        });
      } finally {
        clients.stop();
        server.stop();
      }
    },
  );

  test(
    `${messages} messages each way on one connection arrive complete, in order and unchanged, however the stream is cut`,
    { timeout: LIMIT + 10_000 },
    async () => {
      const { WebSocketServer } = pairing.server;
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...ANY_NUMBER_OF_PINGS });
      await once(server, 'listening');
      const relay = await startRelay((server.address() as AddressInfo).port, SEED);
      const accepted = once(server, 'connection') as Promise<[WebSocket]>;
      const client = new pairing.client.WebSocket(`ws://127.0.0.1:${relay.port}`, ANY_NUMBER_OF_PINGS);
      const [[far]] = await Promise.all([accepted, once(client, 'open')]);
      const [toServer, toClient] = [new Progress(messages), new Progress(messages)];
      try {
        await withinLimit(
          Promise.all([
            checkAll(far, SEED + 1, toServer),
            checkAll(client, SEED + 2, toClient),
            sendAll(client, SEED + 1, toServer),
            sendAll(far, SEED + 2, toClient),
          ]),
          () => `to the server ${String(toServer)}, to the client ${String(toClient)}`,
        );
        // The relay re-chunked the stream: many chunks per message, or many messages per chunk.
        expect(relay.chunks).toBeGreaterThan(1000);
        const closes = Promise.all([once(client, 'close'), once(far, 'close')]);
        client.close(1000);
        for (const [code] of await closes) expect(code).toBe(1000);
      } finally {
        client.terminate();
        relay.close();
        server.close();
      }
    },
  );
});

/** How far one direction is. */
class Progress {
  readonly total: number;
  sent = 0;
  received = 0;

  constructor(total: number) {
    this.total = total;
  }

  toString(): string {
    return `${this.received} of ${this.sent} sent messages have arrived`;
  }
}

/** Waits for work, up to the time limit. The error reports the progress. */
async function withinLimit(work: Promise<unknown>, state: () => string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${LIMIT} ms: ${state()}`)), LIMIT);
  });
  await Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

/** Sends every message of a seed, some fragmented and with pings in between. */
async function sendAll(ws: WebSocket, seed: number, progress: Progress): Promise<void> {
  const messages = new NumberedMessages(seed);
  for (; progress.sent < progress.total; progress.sent++) {
    const { bytes, isBinary, cuts } = messages.next();
    // The next message overwrites the bytes, so send a copy.
    const copy = Buffer.from(bytes);
    let start = 0;
    for (const end of cuts) {
      ws.send(copy.subarray(start, end), { fin: false, binary: isBinary });
      ws.ping('between');
      start = end;
    }
    const last = copy.subarray(start);
    const isPause = ws.bufferedAmount > HIGH_WATER_MARK || progress.sent % 256 === 0;
    if (!isPause) ws.send(last, { binary: isBinary });
    else await new Promise<void>((resolve) => ws.send(last, { binary: isBinary }, () => resolve()));
  }
}

/** Compares every received message with the next one of the seed. */
function checkAll(ws: WebSocket, seed: number, progress: Progress): Promise<void> {
  const messages = new NumberedMessages(seed);
  return new Promise((resolve, reject) => {
    ws.on('message', (data: RawData, isBinary) => {
      const expected = messages.next();
      if (isBinary !== expected.isBinary || !expected.bytes.equals(data as Buffer)) {
        const size = (data as Buffer).length;
        reject(
          new Error(
            `message ${expected.index} of ${expected.bytes.length} bytes is wrong: got ${size} bytes`,
          ),
        );
      } else if (++progress.received === progress.total) resolve();
    });
    ws.on('error', reject);
    ws.on('close', (code) => reject(new Error(`closed with ${code} after ${progress.received} messages`)));
  });
}
