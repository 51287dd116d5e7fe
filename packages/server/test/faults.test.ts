// Answers of the application that cannot be sent: the client receives 500, the program receives the error, and the server continues.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from '@framewire/server';
import { WebSocket } from 'ws';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { answerTo, upgradeRequest } from './support/peers.ts';

type Callback = (verified: unknown, ...rest: unknown[]) => void;

/** An answer of the application, of any type, and the expected report. */
interface Fault {
  readonly title: string;
  readonly options: object;
  readonly report: RegExp;
  /** What a listener of `headers` does. */
  readonly listen?: (lines: unknown[]) => void;
}

const refusals: readonly (readonly [title: string, args: readonly unknown[], report: RegExp])[] = [
  ['a status above 999', [4002], /status/],
  ['a status below 200', [99], /status/],
  ['a status that is not a number', ['no'], /status/],
  ['a line break in a header', [401, 'x', { 'X-A': 'a\r\nX-Injected: 1' }], /X-A/],
  ['a character above U+00FF in a header', [401, 'x', { 'X-A': '€' }], /X-A/],
  ['a header name that is not a token', [401, 'x', { 'X A': 'a' }], /X A/],
];

const faults: readonly Fault[] = [
  ...refusals.flatMap(([title, args, report]): Fault[] => [
    {
      title: `verifyClient calls back with ${title}`,
      options: { verifyClient: (_info: unknown, callback: Callback) => callback(false, ...args) },
      report,
    },
    {
      title: `verifyClient calls back later with ${title}`,
      options: {
        verifyClient: (_info: unknown, callback: Callback) => setImmediate(callback, false, ...args),
      },
      report,
    },
  ]),
  {
    title: 'verifyClient calls back with a promise',
    options: {
      verifyClient: (_info: unknown, callback: Callback) => callback(Promise.resolve(true)),
    },
    report: /a promise/,
  },
  {
    title: 'verifyClient is an async function without a callback',
    options: { verifyClient: async () => true },
    report: /a promise/,
  },
  {
    title: 'the client function of connectionsPerClient throws',
    options: {
      connectionsPerClient: {
        limit: 1,
        client: () => {
          throw new Error('no such header');
        },
      },
    },
    report: /connectionsPerClient/,
  },
  {
    title: 'handleProtocols returns an invalid subprotocol',
    options: { handleProtocols: () => 'a b' },
    report: /subprotocol/i,
  },
  {
    title: 'a listener of headers adds a character above U+00FF',
    options: {},
    listen: (lines) => lines.push('X-A: €'),
    report: /line/i,
  },
  {
    title: 'a listener of headers adds a line break',
    options: {},
    listen: (lines) => lines.push('X-A: a\r\nX-B: b'),
    report: /line/i,
  },
  {
    title: 'a listener of headers adds null',
    options: {},
    listen: (lines) => lines.push(null),
    report: /line/i,
  },
];

const request = upgradeRequest({ 'Sec-WebSocket-Protocol': 'a' });

async function serve({ options, listen }: Fault): Promise<{ server: WebSocketServer; port: number }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  onTestFinished(() => {
    for (const ws of server.clients) ws.terminate();
    server.close();
  });
  if (listen !== undefined) server.on('headers', listen);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

describe.each(faults)('$title', (fault) => {
  test('sends 500 to the client, and passes the error to a listener of wsClientError', async () => {
    const { server, port } = await serve(fault);
    const errors: Error[] = [];
    server.on('wsClientError', (error) => errors.push(error));
    expect(await answerTo(port, request)).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
    expect(errors).toEqual([
      expect.objectContaining({ message: expect.stringMatching(fault.report) as string }),
    ]);
    // Reported each time, and no client is admitted.
    expect(await answerTo(port, request)).toMatch(/^HTTP\/1\.1 500/);
    expect([errors.length, server.clients.size]).toEqual([2, 0]);
  });

  test('lets a listener of wsClientError send its own answer', async () => {
    const { server, port } = await serve(fault);
    server.on('wsClientError', (_error, socket) => socket.end('HTTP/1.1 418 Mine\r\n\r\n'));
    expect(await answerTo(port, request)).toBe('HTTP/1.1 418 Mine\r\n\r\n');
  });

  test('without a listener, emits a process warning once per server', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue();
    onTestFinished(() => warn.mockRestore());
    const { port } = await serve(fault);
    for (let i = 0; i < 2; i++) expect(await answerTo(port, request)).toMatch(/^HTTP\/1\.1 500/);
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(fault.report), expect.objectContaining({ type: 'WebSocketServerWarning' })],
    ]);
  });
});

test('serves the next client after a fault', async () => {
  let calls = 0;
  const verifyClient = (_info: unknown, callback: Callback): void => {
    if (calls++ === 0) callback(false, 4002);
    else callback(true);
  };
  const { server, port } = await serve({ title: '', options: { verifyClient }, report: /./ });
  server.on('wsClientError', () => undefined);
  expect(await answerTo(port, request)).toMatch(/^HTTP\/1\.1 500/);
  const client = new WebSocket(`ws://127.0.0.1:${port}`, 'a');
  await once(client, 'open');
  expect(server.clients.size).toBe(1);
  client.terminate();
});

test.each([
  ['a status in digits', ['403'], 'HTTP/1.1 403 Forbidden'],
  ['headers that are null', [403, 'no', null], 'HTTP/1.1 403 Forbidden'],
  ['a status that has no phrase', [999], 'HTTP/1.1 999 Unknown'],
])('verifyClient may call back with %s', async (title, args, line) => {
  const verifyClient = (_info: unknown, callback: Callback): void => callback(false, ...args);
  const { port } = await serve({ title, options: { verifyClient }, report: /./ });
  expect((await answerTo(port, request)).split('\r\n')[0]).toBe(line);
});

describe('a listener of wsClientError that has begun an answer', () => {
  test('has until the time limit to end it', async () => {
    const verifyClient = (_info: unknown, callback: Callback): void => callback(false, 4002);
    const { server, port } = await serve({ title: '', options: { verifyClient }, report: /./ });
    server.on('wsClientError', (_error, socket) => {
      socket.write('HTTP/1.1 418 Mine\r\n');
      setImmediate(() => socket.end('\r\n'));
    });
    expect(await answerTo(port, request)).toBe('HTTP/1.1 418 Mine\r\n\r\n');
  });
});

test.each<[string, object]>([
  ['onBufferFull', { onBufferFull: 'block' }],
  ['heartbeat', { heartbeat: { interval: 0 } }],
])('an invalid %s throws in the constructor, and not for the first client', (_name, options) => {
  expect(() => new WebSocketServer({ noServer: true, ...options })).toThrow();
});
