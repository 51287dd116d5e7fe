// The process of a server that sends to one client that does not read, and to many that do.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'framewire';
import { MiB } from './frames.ts';
import { forgetPeak, memory, type Memory } from './measures.ts';
import { answer } from '@framewire/testing/program';

/** In each turn, the server sends this many messages to the slow reader, and one to each of the others. */
export const LOAD = { turns: 600, aTurn: 300, slowLength: 1024, fastLength: 64 };

/** What the server does with the slow reader. */
export type Policy = 'terminate' | 'close' | 'drop';

/** The callbacks of the sends to the slow reader, counted by their error code, or as `sent`. */
export type Outcomes = Record<string, number>;

/** The results of the server after everything was sent. */
export interface Report {
  /** The maximum `bufferedAmount` of the slow reader. */
  readonly waited: number;
  /** The number of its `dropped` events. */
  readonly dropped: number;
  /** How its connection ended, if it did before the others were closed. */
  readonly ended: readonly string[];
  readonly before: Memory;
  readonly after: Memory;
}

function start(policy: Policy): WebSocketServer {
  return new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    maxBufferedAmount: MiB,
    onBufferFull: policy,
    closeTimeout: 200,
  });
}

let server: WebSocketServer | undefined;
let slow: WebSocket | undefined;
const fast: WebSocket[] = [];
const seen = { dropped: 0, ended: [] as string[] };
const outcomes: Outcomes = {};

async function listen(policy: Policy): Promise<number> {
  server = start(policy);
  server.on('connection', (ws, request) => {
    if (request.url === '/slow') watch((slow = ws));
    else fast.push(ws);
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function watch(ws: WebSocket): void {
  let reason = '';
  ws.on('error', (error: Error & { code?: string }) => (reason = ` ${error.code ?? error.message}`));
  ws.on('dropped', () => seen.dropped++);
  ws.on('close', (code) => seen.ended.push(`${code}${reason}`));
}

/** A message that starts with its number. */
function numbered(number: number, length: number): Buffer {
  const message = Buffer.alloc(length, '.');
  message.writeUInt32BE(number);
  return message;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function send(): Promise<Report> {
  forgetPeak();
  const before = memory();
  let waited = 0;
  const done = (error?: Error & { code?: string }): void => {
    const outcome = error === undefined ? 'sent' : (error.code ?? 'not sent');
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  };
  for (let turn = 0; turn < LOAD.turns; turn++) {
    if (slow !== undefined) {
      for (let count = 0; count < LOAD.aTurn; count++) {
        slow.send(numbered(turn * LOAD.aTurn + count, LOAD.slowLength), done);
      }
      if (slow.readyState === slow.OPEN) waited = Math.max(waited, slow.bufferedAmount);
    }
    const message = numbered(turn, LOAD.fastLength);
    for (const ws of fast) ws.send(message);
    await nextTurn();
    // Do not send faster than the fast readers read on a busy machine.
    for (const ws of fast) if (ws.writableNeedDrain) await once(ws, 'drain');
  }
  return { waited, ...seen, before, after: memory() };
}

/** Closes all connections. */
async function close(): Promise<Outcomes> {
  const closed = [...(server?.clients ?? [])].map((ws) => once(ws, 'close'));
  for (const ws of server?.clients ?? []) ws.close(1000);
  await Promise.all(closed);
  return outcomes;
}

answer({ listen, send, close });
