/** The self-check finds faults, and reports them. */

import { describe, expect, it } from 'vitest';
import { WebSocketServer } from 'framewire';
import { colorsFor, formatStep, formatSummary } from '../src/check-report.ts';
import { runSelfCheck, startEchoServer } from '../src/self-check.ts';
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'framewire';
import type { StepResult } from '../src/self-check.ts';

const plain = colorsFor({});

/** A server that calls `serve` with each connection. */
function startServer(serve: (connection: WebSocket, request: IncomingMessage) => void): WebSocketServer {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', serve);
  return server;
}

async function check(start: () => WebSocketServer): Promise<StepResult[]> {
  const reported: StepResult[] = [];
  const results = await runSelfCheck((result) => reported.push(result), start);
  expect(reported).toEqual(results);
  return results;
}

describe('The self-check', () => {
  it('passes every step against a server that echoes', async () => {
    const results = await check(startEchoServer);
    expect(results.map(({ outcome }) => outcome)).toEqual(results.map(() => 'passed'));
    expect(formatSummary(results, plain)).toMatch(/^ {2}8 of 8 steps passed in \d+\.\d ms$/);
  });

  it('fails the step whose message came back changed, and runs none after it', async () => {
    const results = await check(() =>
      startServer((connection) => {
        connection.on('message', (data, binary) => {
          const bytes = Buffer.from(data as Buffer);
          if (bytes.length > 1000) bytes[1000]! ^= 1;
          connection.send(bytes, { binary });
        });
      }),
    );
    expect(results.map(({ outcome }) => outcome)).toEqual([
      'passed',
      'passed',
      'passed',
      'passed',
      'failed',
      'skipped',
      'skipped',
      'skipped',
    ]);
    expect(formatStep(results[4]!, plain)).toMatch(
      /^ {2}✖ A large message comes back +\d+\.\d ms {3}the answer differs from the message$/,
    );
    expect(formatStep(results[5]!, plain)).toMatch(/^ {2}- Fragments arrive as one message +not run$/);
    expect(formatSummary(results, plain)).toMatch(/^ {2}4 of 8 steps passed/);
  });

  it.each<[string, (connection: WebSocket, request: IncomingMessage) => void, number, string]>([
    [
      'text comes back as binary',
      (connection) => connection.on('message', (data) => connection.send(data, { binary: true })),
      2,
      'the answer is binary',
    ],
    [
      'the server closes instead of answering',
      (connection) => connection.on('message', () => connection.close(1011)),
      2,
      'the connection closed with code 1011',
    ],
    [
      'the other side breaks the protocol',
      (connection, { socket }) => connection.on('message', () => socket.write(Buffer.from('ff00', 'hex'))),
      2,
      'Invalid WebSocket frame',
    ],
  ])('names the reason when %s', async (_title, serve, index, reason) => {
    const results = await check(() => startServer(serve));
    expect(results[index]?.outcome).toBe('failed');
    expect(results[index]?.detail).toContain(reason);
  });

  it('names the reason when the server cannot listen', async () => {
    const results = await check(() => new WebSocketServer({ port: 0, host: '192.0.2.1' }));
    expect(results[0]).toMatchObject({ outcome: 'failed' });
    expect(results[0]?.detail).toContain('EADDRNOTAVAIL');
  });
});
