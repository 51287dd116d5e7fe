/** @walletconnect/jsonrpc-ws-connection: the connection below its relay client. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WsConnection } from '@walletconnect/jsonrpc-ws-connection';
import { jsonRpc, startService } from './support/local.mjs';

test('Requests are answered, and the end is reported', async () => {
  const relay = await startService(jsonRpc({ irn_publish: ({ topic }) => topic.length }));
  const connection = new WsConnection(relay.url);
  await connection.open();
  for (const length of [0, 1, 100_000]) {
    const answered = once(connection.events, 'payload');
    const topic = 'x'.repeat(length);
    await connection.send({ id: length + 1, jsonrpc: '2.0', method: 'irn_publish', params: { topic } });
    assert.deepEqual(await answered, [{ jsonrpc: '2.0', id: length + 1, result: length }]);
  }
  const closed = once(connection.events, 'close');
  await connection.close();
  await closed;
  await relay.end();

  await assert.rejects(new WsConnection(relay.url).open(), /ECONNREFUSED|Unavailable/);
});
