/** @graphql-tools/executor-graphql-ws: an executor of a remote schema. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGraphQLWSExecutor } from '@graphql-tools/executor-graphql-ws';
import { buildSchema, parse } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { startHttp, stop, text } from './support/local.mjs';

test('Queries and subscriptions are executed remotely', async () => {
  const { server, address } = await startHttp();
  const wss = new WebSocketServer({ server, path: '/graphql' });
  const schema = buildSchema(`
    type Query { who: String!, long: String! }
    type Subscription { count(to: Int!): Int! }
  `);
  const roots = {
    query: { who: (parameters, { extra }) => extra.request.headers['x-who'], long: () => text(200_000) },
    subscription: {
      async *count({ to }) {
        for (let i = 0; i < to; i++) yield { count: i };
      },
    },
  };
  const graphql = useServer({ schema, roots, context: (context) => context }, wss);
  const execute = buildGraphQLWSExecutor({ url: `ws://${address}/graphql`, headers: { 'x-who': 'ann' } });
  const { data } = await execute({ document: parse('{ who long }') });
  assert.deepEqual({ ...data }, { who: 'ann', long: text(200_000) });
  const counted = [];
  const document = parse('subscription ($to: Int!) { count(to: $to) }');
  for await (const result of await execute({ document, variables: { to: 200 } })) {
    counted.push(result.data.count);
  }
  assert.deepEqual(
    counted,
    Array.from({ length: 200 }, (_, i) => i),
  );
  await execute[Symbol.asyncDispose]();
  await graphql.dispose();
  await stop(server);
});
