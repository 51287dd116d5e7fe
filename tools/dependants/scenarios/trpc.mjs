/** tRPC over WebSockets: queries, mutations and subscriptions of its adapter for ws. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import WebSocket, { WebSocketServer } from 'ws';
import { text } from './support/local.mjs';

const { procedure, router } = initTRPC.create();

const appRouter = router({
  hello: procedure.input((name) => name).query(({ input }) => `hello ${input}`),
  fails: procedure.mutation(() => {
    throw new Error('no such thing');
  }),
  count: procedure
    .input((to) => to)
    .subscription(async function* count({ input }) {
      for (let i = 0; i < input; i++) yield i;
    }),
});

test('Queries, mutations and subscriptions share a connection', async () => {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(wss, 'listening');
  const handler = applyWSSHandler({ wss, router: appRouter });
  const client = createWSClient({
    url: `ws://127.0.0.1:${wss.address().port}`,
    WebSocket,
    retryDelayMs: () => 10,
  });
  const trpc = createTRPCClient({ links: [wsLink({ client })] });
  assert.deepEqual(await Promise.all(['ann', text(100_000)].map((name) => trpc.hello.query(name))), [
    'hello ann',
    `hello ${text(100_000)}`,
  ]);
  await assert.rejects(trpc.fails.mutate(), { message: 'no such thing' });
  const counted = [];
  await new Promise((resolve, reject) => {
    trpc.count.subscribe(200, {
      onData: (value) => counted.push(value),
      onComplete: resolve,
      onError: reject,
    });
  });
  assert.deepEqual(
    counted,
    Array.from({ length: 200 }, (_, i) => i),
  );
  assert.equal(wss.clients.size, 1);

  // When the server requests it, the client reconnects and continues.
  const again = once(wss, 'connection');
  handler.broadcastReconnectNotification();
  await again;
  assert.equal(await trpc.hello.query('bob'), 'hello bob');
  await client.close();
  wss.close();
  await once(wss, 'close');
});
