// The connections of the load generator.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'framewire';
import { expect, test } from 'vitest';
import { Exchange } from '../src/load/exchange.ts';
import { scenarios } from '../src/scenarios.ts';

test('connections that send nothing stay open while the others exchange messages', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const senders = new Set<unknown>();
  server.on('connection', (ws) => {
    ws.on('message', (data, isBinary) => {
      senders.add(ws);
      ws.send(data, { binary: isBinary });
    });
  });
  const scenario = { ...scenarios.find(({ name }) => name === 'scale-1k')!, connections: 4, silent: 20 };
  const exchange = await Exchange.open(scenario, { port: (server.address() as AddressInfo).port });
  const { messages } = await exchange.run(10);
  expect(messages).toBeGreaterThanOrEqual(4);
  expect(senders.size).toBe(4);
  expect(server.clients.size).toBe(24);
  exchange.close();
  server.close();
});

test('connections leave with the closing handshake', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const closed: Promise<unknown[]>[] = [];
  server.on('connection', (ws) => {
    ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
    closed.push(once(ws, 'close'));
  });
  const scenario = { ...scenarios.find(({ name }) => name === 'echo-64x1')!, connections: 3 };
  const exchange = await Exchange.open(scenario, { port: (server.address() as AddressInfo).port });
  await exchange.leave();
  const codes = (await Promise.all(closed)).map(([code]) => code);
  expect(codes).toEqual([1000, 1000, 1000]);
  server.close();
});
