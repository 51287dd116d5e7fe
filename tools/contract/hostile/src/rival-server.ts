// The process of a server under attack. Its argument selects framewire or `ws`.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import * as framewire from 'framewire';
import * as ws from 'ws';
import { forgetPeak, memory, work } from './measures.ts';
import { answer } from '@framewire/testing/program';
import { forgetStall, stall, watchStalls } from './stall.ts';

/** The cost of an attack since the last `begin`. */
export interface Cost {
  /** The peak memory of the process, in bytes. */
  readonly peak: number;
  /** The longest time for which the event loop was blocked, in milliseconds. */
  readonly stall: number;
  /** The CPU time, in microseconds. */
  readonly work: number;
}

// Both have the same interface, so the types of one are enough.
const library = process.argv[2] === 'ws' ? (ws as unknown as typeof framewire) : framewire;
const server = new library.WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true });

let messages = 0;
let bytes = 0;
let workBefore = 0;

server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data) => {
    messages++;
    bytes += (data as Buffer).length;
  });
});

watchStalls();

answer({
  async port() {
    if (server.address() === null) await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  },

  begin() {
    messages = 0;
    bytes = 0;
    forgetPeak();
    workBefore = work();
    forgetStall();
  },

  /** What the server has received since the last `begin`. */
  received: () => ({ messages, bytes }),

  cost(): Cost {
    const cost = { stall: stall(), work: work() - workBefore };
    return { ...cost, peak: memory().peak };
  },
});
