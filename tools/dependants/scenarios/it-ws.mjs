/** it-ws: connections as async iterables and sinks, as in libp2p. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from 'it-ws/client';
import { createServer } from 'it-ws/server';
import { bytes } from './support/local.mjs';

test('The source of one side yields what the other side sends to its sink', async () => {
  const server = createServer({ onConnection: ({ sink, source }) => sink(source) });
  await server.listen({ port: 0, host: '127.0.0.1' });
  const stream = connect(`ws://127.0.0.1:${server.address().port}`, { binary: true });
  await stream.connected();
  const sent = Array.from({ length: 20 }, (_, i) => bytes(i * 10_000 + 1, i));
  async function* chunks() {
    yield* sent;
    // The connection ends when the sink ends, so wait for all echoes first.
    await all;
  }
  const heard = [];
  let finish;
  const all = new Promise((resolve) => (finish = resolve));
  const reading = (async () => {
    for await (const chunk of stream.source) if (heard.push(Buffer.from(chunk)) === sent.length) finish();
  })();
  await stream.sink(chunks());
  await reading;
  assert.deepEqual(heard, sent);
  await server.close();
});
