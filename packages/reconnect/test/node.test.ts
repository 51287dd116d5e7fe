// In Node, on top of framewire: a server that is killed repeatedly, and servers that reject.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReconnectingWebSocket, type ErrorEvent } from '@framewire/reconnect';
import * as framewire from 'framewire';
import * as reference from 'ws';
import { describe, expect, test, vi } from 'vitest';
import { recorded } from './support/fake-socket.ts';

/** Starts the server in a separate process, and waits until it listens. */
async function startServer(file: string, port: number): Promise<{ server: ChildProcess; port: number }> {
  const program = fileURLToPath(new URL('support/counting-server.mjs', import.meta.url));
  const server = fork(program, [file, String(port)], {
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const [listening] = (await once(server, 'message')) as [number];
  return { server, port: listening };
}

/** Resolves when a server has accepted `count` messages. */
function accepted(server: ChildProcess, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    server.on('message', () => --left === 0 && resolve());
  });
}

test('with acknowledgements, every message arrives once and in order, although the server is killed 50 times', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'framewire-reconnect-'));
  const file = join(folder, 'accepted');
  const started = await startServer(file, 0);
  const { port } = started;
  let { server } = started;

  // The application sends unacknowledged messages again on the next connection, before anything else.
  const unacknowledged: string[] = [];
  let count = 0;
  let isEnough = false;
  const ws = new ReconnectingWebSocket(`ws://127.0.0.1:${port}/`, null, {
    WebSocket: framewire.WebSocket,
    minReconnectionDelay: 1,
    maxReconnectionDelay: 20,
    resubscribe(socket) {
      for (const message of unacknowledged) (socket as framewire.WebSocket).send(message);
    },
  });
  const fill = (): void => {
    while (!isEnough && unacknowledged.length < 8) {
      const message = String(++count);
      unacknowledged.push(message);
      ws.send(message);
    }
  };
  const drained = new Promise<void>((resolve) => {
    ws.onmessage = ({ data }) => {
      while (Number(unacknowledged[0]) <= Number(data)) unacknowledged.shift();
      if (isEnough && unacknowledged.length === 0) resolve();
      fill();
    };
  });
  let connections = 0;
  ws.onopen = () => connections++;
  fill();

  for (let kill = 0; kill < 50; kill++) {
    await accepted(server, 1 + (kill % 13));
    server.kill('SIGKILL');
    await once(server, 'exit');
    ({ server } = await startServer(file, port));
  }
  await accepted(server, 1);
  isEnough = true;
  await drained;
  ws.close();
  await once(ws as unknown as EventTarget, 'close');
  server.kill('SIGKILL');
  await once(server, 'exit');

  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  rmSync(folder, { recursive: true });
  expect(lines).toEqual(Array.from({ length: count }, (_, index) => String(index + 1)));
  expect(count).toBeGreaterThan(300);
  expect(connections).toBe(51);
}, 120_000);

describe.each([
  ['framewire', framewire.WebSocket],
  ['ws', reference.WebSocket],
] as const)('on top of %s', (_, WebSocket) => {
  /** Connects to a server that answers each upgrade with a status. Returns the events until a state is entered, and the reported status. */
  async function refused(
    head: string,
    until: string,
    options = {},
  ): Promise<{ log: string[]; status: unknown }> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const left = new Promise((resolve) => {
      server.on('upgrade', (_request, socket) => {
        socket.write(`HTTP/1.1 ${head}\r\nContent-Length: 0\r\n\r\n`);
        socket.once('end', () => resolve(socket.end())).resume();
      });
    });
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const { port } = server.address() as AddressInfo;
    const ws = new ReconnectingWebSocket(`ws://127.0.0.1:${port}/`, null, { WebSocket, ...options });
    const log = recorded(ws);
    let status: unknown;
    ws.onerror = ({ error }: ErrorEvent) => (status ??= (error as { status?: number }).status);
    await new Promise<void>((resolve) => {
      ws.addEventListener('statechange', ({ state }) => state === until && resolve());
    });
    ws.close();
    // The client does not keep the connection of a rejected request.
    await left;
    server.close();
    await once(server, 'close');
    vi.restoreAllMocks();
    return { log, status };
  }

  test.each([401, 403, 404])('the status %i ends it', async (status) => {
    const { log, status: reported } = await refused(`${status} No`, 'closed');
    expect(log).toEqual([`error The server answered with the status ${status}`, 'closed', 'close 1006']);
    expect(reported).toBe(status);
  });

  test('the application can set finalStatuses', async () => {
    const finalStatuses = [410];
    expect((await refused('410 Gone', 'closed', { finalStatuses })).log).toContain('closed');
    expect((await refused('404 Not Found', 'waiting', { finalStatuses })).log).toContain('waiting 1000');
  });

  test.each([
    ['no Retry-After', '', 'waiting 1000'],
    ['Retry-After in seconds', '\r\nRetry-After: 7', 'waiting 8000'],
    ['a malformed Retry-After', '\r\nRetry-After: soon', 'waiting 1000'],
    ['a negative Retry-After', '\r\nRetry-After: -99999', 'waiting 1000'],
    ['a Retry-After longer than a timer can run', '\r\nRetry-After: 99999999999', `waiting ${2 ** 30 + 999}`],
    ['a Retry-After that has passed', '\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT', 'waiting 1000'],
  ])('a 503 with %s sets the delay', async (_case, header, waiting) => {
    expect((await refused(`503 Busy${header}`, 'waiting')).log[1]).toBe(waiting);
  });

  test.each([
    ['as a date', (date: string) => date],
    // Sun Nov  6 08:49:37 1994
    [
      'as a date of asctime()',
      (date: string) => date.replace(/, (\d+) (\w+) (\d+) (\S+) GMT/, ' $2 $1 $4 $3'),
    ],
  ])('a 503 with Retry-After %s sets the delay', async (_case, format) => {
    const date = format(new Date(Date.now() + 60_000).toUTCString());
    const { log } = await refused(`503 Busy\r\nRetry-After: ${date}`, 'waiting');
    const delay = Number(log[1]?.split(' ')[1]);
    expect(delay).toBeGreaterThan(31_000);
    expect(delay).toBeLessThanOrEqual(61_000);
  });

  test('an attempt that reconnect() abandons causes no uncaught error', async () => {
    const server = new framewire.WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ws = new ReconnectingWebSocket(`ws://127.0.0.1:${port}/`, null, { WebSocket });
    while (ws.url === '') await Promise.resolve();
    ws.reconnect();
    await new Promise((resolve) => (ws.onopen = resolve));
    ws.close();
    await new Promise((resolve) => (ws.onclose = resolve));
    server.close();
  });

  test('a port without a listener is a failed attempt, with the error of the system', async () => {
    const ws = new ReconnectingWebSocket('ws://127.0.0.1:1/', null, { WebSocket });
    const failure = await new Promise<ErrorEvent>((resolve) => (ws.onerror = resolve));
    expect(failure.error).toMatchObject({ code: 'ECONNREFUSED' });
    ws.close();
  });
});
