/** rpc-websockets: JSON-RPC calls, notifications and events between its server and its client. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Client, Server } from 'rpc-websockets';
import { text } from './support/local.mjs';

test('Calls, notifications and events go both ways', async () => {
  const server = new Server({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const noticed = new Promise((resolve) => server.register('notice', resolve));
  server.register('sum', ([a, b]) => a + b);
  server.register('long', () => text(200_000));
  server.event('feed');

  const client = new Client(`ws://127.0.0.1:${server.wss.address().port}`, { reconnect: false });
  await once(client, 'open');
  assert.equal(await client.call('sum', [5, 3]), 8);
  assert.equal(await client.call('long'), text(200_000));
  await assert.rejects(client.call('nothing'), { message: 'Method not found' });
  await client.notify('notice', { of: 'client' });
  assert.deepEqual(await noticed, { of: 'client' });

  await client.subscribe('feed');
  const heard = once(client, 'feed');
  server.emit('feed', 'news');
  assert.deepEqual(await heard, ['news']);

  const closed = once(client, 'close');
  client.close(4000, 'done');
  assert.equal((await closed)[0], 4000);
  await server.close();
});
