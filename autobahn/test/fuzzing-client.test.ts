import dns from 'node:dns';
import { once } from 'node:events';
import { createServer as createHttps } from 'node:https';
import { createServer } from 'node:net';
import { testCertificate } from '@framewire/testing';
import { describe, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { DEFAULT_LIMITS } from '../src/engine.ts';
import { UnreachableError, testServer } from '../src/fuzzing-client.ts';
import { readHead, writeResponse } from '../src/handshake.ts';
import { casesOf, selection, verdictsOf } from './support.ts';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Run } from '../src/run.ts';
import type { Selection, ServerTarget } from '../src/spec.ts';

type AnswerLookup = (error: null, addresses: readonly { address: string; family: number }[]) => void;

interface Changes {
  readonly target?: Partial<ServerTarget>;
  readonly selection?: Partial<Selection>;
  readonly signal?: AbortSignal;
  readonly onRun?: (run: Run) => void;
}

/** Runs cases, one at a time, and returns the runs. */
async function run(url: string, patterns: string, changes: Changes = {}): Promise<Run[]> {
  const runs: Run[] = [];
  const onRun = (ended: Run) => {
    runs.push(ended);
    changes.onRun?.(ended);
  };
  const target = { agent: null, origin: null, protocols: [], hostname: null, limits: DEFAULT_LIMITS };
  await testServer(
    { url, ...target, ...changes.target },
    {
      cases: casesOf(patterns),
      selection: { ...selection(patterns), ...changes.selection },
      jobs: 1,
      onRun,
      ...(changes.signal ? { signal: changes.signal } : {}),
    },
  );
  return runs;
}

/** Starts a server that adds these headers to each answer, and then stays silent. Returns the requests that it receives. */
async function rawServer(
  extra: readonly string[],
  change = (text: string) => text,
): Promise<{ server: Server; url: string; requests: string[] }> {
  const requests: string[] = [];
  const accept = async (socket: Socket) => {
    const { head } = await readHead(socket);
    requests.push(head.text);
    const answer = writeResponse(head.headers.get('sec-websocket-key') ?? '', null);
    const lines = answer.replace('Server: framewire-conformance\r\n', '');
    socket.write(change(lines.replace('\r\n\r\n', ['', ...extra, '', ''].join('\r\n'))));
    socket.resume();
  };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    accept(socket).catch(() => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/path?a=b`, requests };
}

describe('the fuzzing client', () => {
  test('names the agent after the Server header, or UnknownServer without one', async () => {
    const named = await rawServer(['Server: named/1.0']);
    const unnamed = await rawServer([]);
    expect((await run(named.url, '2.7'))[0]?.agent).toBe('named/1.0');
    expect((await run(unnamed.url, '2.7'))[0]?.agent).toBe('UnknownServer');
    named.server.close();
    unnamed.server.close();
  });

  test('requests the path of its URL, with the headers that the spec adds', async () => {
    const { server, url, requests } = await rawServer([]);
    await run(url, '2.7', { target: { origin: 'http://o', protocols: ['a', 'b'] } });
    server.close();
    expect(requests[0]).toMatch(/^GET \/path\?a=b HTTP\/1\.1\r\n/);
    expect(requests[0]).toContain('\r\nOrigin: http://o\r\nSec-WebSocket-Protocol: a,b\r\n');
    expect(requests[0]).not.toContain('Extensions');
  });

  test.each([
    [
      'an extension that was not offered',
      ['Sec-WebSocket-Extensions: permessage-deflate'],
      (text: string) => text,
    ],
    ['a wrong Accept value', [], (text: string) => text.replace(/Accept: ./, 'Accept: -')],
    ['another status', [], (text: string) => text.replace('101', '200')],
    ['no Upgrade', [], (text: string) => text.replace(/Upgrade: WebSocket\r\n/, '')],
    ['Upgrade twice', ['Upgrade: WebSocket'], (text: string) => text],
    ['a subprotocol that was not requested', ['Sec-WebSocket-Protocol: chat'], (text: string) => text],
  ])('fails a server that answers with %s', async (_, extra, change) => {
    const { server, url } = await rawServer(extra, change);
    expect(verdictsOf(await run(url, '1.1.1,7.13.1'))).toEqual({
      '1.1.1': 'FAILED',
      '7.13.1': 'INFORMATIONAL',
    });
    server.close();
  });

  test.each([
    ['a requested subprotocol', 'Sec-WebSocket-Protocol: b'],
    ['an empty subprotocol', 'Sec-WebSocket-Protocol: '],
    ['an empty list of extensions', 'Sec-WebSocket-Extensions: '],
  ])('accepts a server that answers with %s', async (_, line) => {
    const { server, url } = await rawServer([line]);
    const [only] = await run(url, '2.7', { target: { protocols: ['a', 'b'] } });
    server.close();
    expect(only?.opened).toBe(true);
  });

  test('throws if a server cannot be reached', async () => {
    const { server, url } = await rawServer([]);
    server.close();
    await once(server, 'close');
    await expect(run(url, '1.*')).rejects.toThrow(UnreachableError);
  });

  test('names the reason for each address of a server that cannot be reached', async () => {
    const { server, url } = await rawServer([]);
    server.close();
    await once(server, 'close');
    const addresses = [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ];
    const answer = (_name: string, _options: object, done: AnswerLookup) => done(null, addresses);
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(answer as never);
    try {
      await expect(run(url.replace('127.0.0.1', 'two.example'), '1.*')).rejects.toThrow(
        /: connect ECONNREFUSED 127\.0\.0\.1:\d+, connect E/,
      );
    } finally {
      lookup.mockRestore();
    }
  });

  test('starts no further case after the signal is aborted', async () => {
    const { server, url } = await rawServer([]);
    const controller = new AbortController();
    const runs = await run(url, '2.7,2.8,7.3.3', {
      signal: controller.signal,
      onRun: () => controller.abort(),
    });
    server.close();
    expect(runs).toHaveLength(1);
  });

  test('records no run of a case that is excluded for the agent', async () => {
    const { server, url } = await rawServer(['Server: left out']);
    const runs = await run(url, '2.7', { selection: { excludeAgentCases: { 'left*': ['*'] } } });
    server.close();
    expect(runs).toEqual([]);
  });

  test('tests a server over TLS, whatever its certificate', async () => {
    const { cert, key } = await testCertificate();
    const https = createHttps({ cert, key });
    const server = new WebSocketServer({ server: https });
    server.on('connection', (socket) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    );
    https.listen(0, '127.0.0.1');
    await once(https, 'listening');
    const { port } = https.address() as AddressInfo;
    const runs = await run(`wss://127.0.0.1:${port}`, '1.1.8,2.10,7.3.1', {
      target: { hostname: 'localhost' },
    });
    server.close();
    https.close();
    expect(verdictsOf(runs)).toEqual({ '1.1.8': 'OK', '2.10': 'OK', '7.3.1': 'OK' });
  });
});
