// The servers under attack: their options, and what they do with connections.
import { Buffer } from 'node:buffer';
import type WebSocket from 'framewire';
import { MiB } from './frames.ts';

type Options = Omit<WebSocket.ServerOptions, 'noServer' | 'path' | 'port' | 'server'>;

/** A server for one path. */
export interface Endpoint {
  readonly options: Options;
  /** Default: echoes messages. */
  readonly serve?: (ws: WebSocket) => void;
  /** Set if a listener of wsClientError answers invalid requests, with 418. */
  readonly answerErrors?: true;
}

export const endpoints: Readonly<Record<string, Endpoint>> = {
  // For harmless clients.
  '/service': { options: {} },
  '/echo': { options: {} },
  '/small': { options: { maxPayload: MiB } },
  '/deflate': { options: { maxPayload: MiB, perMessageDeflate: true } },
  '/many-fragments': { options: { maxFragments: 4, maxBufferedChunks: 4 } },
  '/page': { options: { allowedOrigins: ['https://example.com'] } },
  '/refused': { options: { verifyClient: () => false } },
  '/undecided': { options: { handshakeTimeout: 200, verifyClient: (_info, _decide) => {} } },
  '/late': {
    options: {
      verifyClient: (_info, decide) => setTimeout(decide, 20, false),
      closeTimeout: 200,
    },
  },
  '/late-welcome': { options: { verifyClient: (_info, decide) => setTimeout(decide, 20, true) } },
  '/answered': { options: {}, answerErrors: true },
  '/closing': { options: { closeTimeout: 200 }, serve: (ws) => ws.close(1000, 'go') },
  '/flood': { options: { maxBufferedAmount: MiB }, serve: flood },
  '/steady': { options: { maxBufferedAmount: MiB }, serve: sendSteadily },
  '/misuse': { options: {}, serve: misuse },
};

/** Sends until the connection ends, even if the peer never reads. */
function flood(ws: WebSocket): void {
  const send = (): void => {
    for (let count = 0; count < 1000 && ws.readyState === ws.OPEN; count++) ws.send('small');
    if (ws.readyState === ws.OPEN) setImmediate(send);
  };
  send();
}

/** What {@link sendSteadily} sends. Together, more than the buffers of two sockets hold. */
export const STEADY = { messages: 256, length: 64 * 1024 };

/** Counts how often {@link sendSteadily} has had to wait for its peer. */
export const waits = { count: 0 };

/** Sends numbered messages. While more than half of `maxBufferedAmount` waits, it sends each after the previous one was written. */
function sendSteadily(ws: WebSocket): void {
  let number = 0;
  const send = (): void => {
    while (number < STEADY.messages) {
      const message = Buffer.alloc(STEADY.length);
      message.writeUInt32BE(number++);
      const isFull = ws.bufferedAmount > MiB / 2;
      ws.send(message, isFull ? send : undefined);
      if (!isFull) continue;
      waits.count++;
      return;
    }
    ws.close(1000, 'all');
  };
  send();
}

/** Values that a careless program may pass. Each must be sent as intended, or be a TypeError. */
function misuse(ws: WebSocket): void {
  const untyped = ws as unknown as Record<string, (...args: unknown[]) => void>;
  const attempts: [method: string, ...args: unknown[]][] = [
    ['ping', 100],
    ['pong', 100],
    ['send', 100],
    ['send', 1e21],
    ['send', new Float32Array(2)],
    ['send', [1, 2, 3]],
    ['ping', { length: 100 }],
    ['send', { length: 100 }],
    ['send', { byteLength: 100 }],
    ['close', 1000, new Float32Array(20)],
    ['close', 1000, new ArrayBuffer(20)],
    ['close', 1000, 20],
    ['close', 1000, { length: 20 }],
  ];
  for (const [method, ...args] of attempts) {
    try {
      untyped[method]?.(...args);
    } catch (error) {
      ws.send((error as Error).name);
    }
  }
  ws.close(1000, 'end');
}
