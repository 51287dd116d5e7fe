// Clients that our server admits, refuses, or lets wait.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'framewire';
import { expect, onTestFinished } from 'vitest';
import type { WebSocket } from 'ws';
import type { Meeting } from '../src/meeting.ts';
import { PLAIN } from '../src/pairings.ts';
import { RawPeer, upgradeRequest } from '../src/raw.ts';

/** A server on the HTTP server of the meeting, with options that the types of ws lack. */
export function serve(meeting: Meeting, options: object): WebSocketServer {
  return meeting.serve(options) as unknown as WebSocketServer;
}

/** A server with noServer, to which the upgrades of the HTTP server are passed. */
function serveByHandleUpgrade(meeting: Meeting, options: object): WebSocketServer {
  const { http } = meeting.host;
  const server = new WebSocketServer({ ...PLAIN, ...options, noServer: true });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    server.handleUpgrade(request, socket, head, (...connected) => server.emit('connection', ...connected));
  };
  http.on('upgrade', upgrade);
  onTestFinished(() => {
    http.off('upgrade', upgrade);
    for (const ws of server.clients) ws.terminate();
  });
  return server;
}

/** The ways in which a server can receive upgrades over every transport. */
export const ways: [name: string, serveBy: typeof serve][] = [
  ['a shared HTTP server', serve],
  ['noServer', serveByHandleUpgrade],
];

/** A raw client that has sent an upgrade request. */
export async function knock(meeting: Meeting, path?: string): Promise<RawPeer> {
  const raw = new RawPeer(await meeting.connect());
  raw.say(Buffer.from(upgradeRequest(path)));
  return raw;
}

/** Expects that a raw client is refused with 503, and with a Retry-After in seconds. */
export async function expectUnavailable(raw: RawPeer, retryAfter: number): Promise<void> {
  const answer = (await raw.hearRest()).toString('latin1');
  expect(answer).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\nConnection: close\r\n/);
  expect(answer).toContain(`\r\nRetry-After: ${retryAfter}\r\n`);
}

/** The outcome of an attempt: `open`, or the message of its error. */
export async function outcomeOf(ws: WebSocket): Promise<string> {
  return new Promise((resolve) => {
    ws.on('open', () => resolve('open')).on('error', ({ message }) => resolve(message));
  });
}

/** A client that waits for the answer of `authenticate`. */
interface Waiting {
  readonly request: IncomingMessage;
  readonly signal: AbortSignal;
  admit(identity: unknown): void;
}

/** An `authenticate` that answers the path /slow when the test does, and other paths immediately. */
export function slowAuthentication() {
  let asked: (waiting: Waiting) => void = () => undefined;
  const waiting = new Promise<Waiting>((resolve) => (asked = resolve));
  const authenticate = (request: IncomingMessage, { signal }: { signal: AbortSignal }): unknown => {
    if (request.url !== '/slow') return request.url;
    return new Promise((admit) => asked({ request, signal, admit }));
  };
  return { waiting, authenticate };
}
