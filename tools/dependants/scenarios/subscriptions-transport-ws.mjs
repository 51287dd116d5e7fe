/** subscriptions-transport-ws, the older protocol for GraphQL: server and client. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { buildSchema, execute, subscribe } from 'graphql';
import transport from 'subscriptions-transport-ws';
import WebSocket from 'ws';
import { startHttp, stop, text } from './support/local.mjs';

const schema = buildSchema(`
  type Query { long: String! }
  type Subscription { count(to: Int!): Int! }
`);
const rootValue = {
  long: () => text(50_000),
  async *count({ to }) {
    for (let i = 1; i <= to; i++) yield { count: i };
  },
};

/** The answers to a request, until it is complete. */
function answers(client, request) {
  return new Promise((resolve, reject) => {
    const list = [];
    client.request(request).subscribe({
      next: ({ data }) => list.push(data),
      error: reject,
      complete: () => resolve(list),
    });
  });
}

test('A query and a subscription are answered', async () => {
  const { server, address } = await startHttp();
  const subscriptions = transport.SubscriptionServer.create(
    { schema, rootValue, execute, subscribe },
    { server, path: '/graphql' },
  );
  const client = new transport.SubscriptionClient(
    `ws://${address}/graphql`,
    { reconnect: false, connectionParams: { token: 'x' } },
    WebSocket,
  );
  assert.deepEqual(await answers(client, { query: '{ long }' }), [{ long: text(50_000) }]);
  assert.deepEqual(
    await answers(client, { query: 'subscription { count(to: 200) }' }),
    Array.from({ length: 200 }, (_, i) => ({ count: i + 1 })),
  );
  const [ws] = subscriptions.server.clients;
  const closed = once(ws, 'close');
  client.close();
  await closed;
  subscriptions.close();
  await stop(server);
});
