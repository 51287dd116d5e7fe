/** graphql-ws, server and client: queries, mutations and subscriptions. */
import assert from 'node:assert/strict';
import { EventEmitter, on, once } from 'node:events';
import { test } from 'node:test';
import { buildSchema } from 'graphql';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import WebSocket, { WebSocketServer } from 'ws';
import { ending, nextMessage, startHttp, stop, text } from './support/local.mjs';

const schema = buildSchema(`
  type Query { hello(name: String!): String!, long: String! }
  type Mutation { post(text: String!): Int! }
  type Subscription { count(to: Int!): Int!, posts: String! }
`);

/** A GraphQL server on a WebSocket server, and an emitter of the posts that it receives. */
async function start(options = {}) {
  const { server, address } = await startHttp();
  const wss = new WebSocketServer({ server, path: '/graphql', ...options });
  const posted = new EventEmitter();
  const roots = {
    query: { hello: ({ name }) => `hello ${name}`, long: () => text(200_000) },
    mutation: {
      post({ text: posts }) {
        posted.emit('post', { posts });
        return posted.listenerCount('post');
      },
    },
    subscription: {
      async *count({ to }) {
        for (let i = 1; i <= to; i++) yield { count: i };
      },
      posts() {
        const events = on(posted, 'post');
        return {
          [Symbol.asyncIterator]() {
            return this;
          },
          async next() {
            const { done, value } = await events.next();
            return { done, value: value?.[0] };
          },
          return: () => events.return(),
        };
      },
    },
  };
  const graphql = useServer(
    {
      schema,
      roots,
      onConnect: ({ connectionParams }) => connectionParams?.token !== 'wrong',
    },
    wss,
  );
  const end = async () => {
    await graphql.dispose();
    await stop(server);
  };
  return { url: `ws://${address}/graphql`, wss, posted, end };
}

/** A client of the server. Its connections are of our class. */
function connect(url, options = {}) {
  return createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, ...options });
}

for (const [how, perMessageDeflate] of [
  ['without compression', false],
  ['with compression', { threshold: 0 }],
]) {
  test(`Queries, mutations and subscriptions are answered ${how}`, async () => {
    const stage = await start({ perMessageDeflate });
    const client = connect(stage.url);
    const query = async (document, variables) => {
      for await (const result of client.iterate({ query: document, variables })) return result;
      return undefined;
    };
    assert.equal(
      (await query('query($name: String!) { hello(name: $name) }', { name: 'ann' })).data.hello,
      'hello ann',
    );
    assert.equal((await query('{ long }')).data.long, text(200_000));
    assert.match((await query('{ unknown }').catch((error) => error))[0].message, /Cannot query field/);

    const counted = [];
    for await (const { data } of client.iterate({ query: 'subscription { count(to: 300) }' })) {
      counted.push(data.count);
    }
    assert.deepEqual(
      counted,
      Array.from({ length: 300 }, (_, i) => i + 1),
    );

    const posts = client.iterate({ query: 'subscription { posts }' });
    const first = posts.next();
    // The subscription has begun when a mutation counts its listener. Both operations share one connection.
    let found = 0;
    while (found === 0) found = (await query('mutation { post(text: "news") }')).data.post;
    assert.equal((await first).value.data.posts, 'news');
    assert.equal(stage.wss.clients.size, 1);
    await posts.return();
    await client.dispose();
    await stage.end();
  });
}

test('The server ends a subscription when its client ends it', async () => {
  const stage = await start();
  const client = connect(stage.url);
  const happens = (what) =>
    new Promise((resolve) => {
      stage.posted.on(what, (event) => event === 'post' && resolve());
    });
  const begun = happens('newListener');
  const posts = client.iterate({ query: 'subscription { posts }' });
  const first = posts.next();
  await begun;
  const ended = happens('removeListener');
  await posts.return();
  await ended;
  assert.equal((await first).done, true);
  await client.dispose();
  await stage.end();
});

test('The server refuses a wrong token, another subprotocol and invalid messages, and answers pings', async () => {
  const stage = await start();
  const client = connect(stage.url, { connectionParams: { token: 'wrong' } });
  const refusal = await new Promise((resolve) => {
    client.subscribe({ query: '{ long }' }, { next() {}, complete() {}, error: resolve });
  });
  assert.equal(refusal.code, 4403);
  assert.equal(refusal.reason, 'Forbidden');

  const other = new WebSocket(stage.url, 'another-protocol');
  const error = await new Promise((resolve) => other.once('error', resolve));
  assert.equal(error.message, 'Server sent no subprotocol');

  const speaks = new WebSocket(stage.url, 'graphql-transport-ws');
  await once(speaks, 'open');
  speaks.send('nonsense');
  assert.equal((await ending(speaks))[0], 4400);

  const pings = new WebSocket(stage.url, 'graphql-transport-ws');
  await once(pings, 'open');
  pings.send('{"type":"ping"}');
  assert.equal(await nextMessage(pings), '{"type":"pong"}');
  pings.close();
  await stage.end();
});
