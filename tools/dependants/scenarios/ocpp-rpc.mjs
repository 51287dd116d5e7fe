/** ocpp-rpc: a charge point and its central system. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { RPCClient, RPCServer } from 'ocpp-rpc';
import { text } from './support/local.mjs';

test('Both sides call each other, and a stranger is refused', async () => {
  const server = new RPCServer({ protocols: ['ocpp1.6'] });
  server.auth((accept, reject, { identity, password }) => {
    if (String(password) === 'secret') accept({ session: identity });
    else reject(401, 'who are you?');
  });
  const connected = once(server, 'client');
  const http = await server.listen(0, '127.0.0.1');
  const endpoint = `ws://127.0.0.1:${http.address().port}`;
  const options = { endpoint, protocols: ['ocpp1.6'], reconnect: false };

  const point = new RPCClient({ ...options, identity: 'POINT 1', password: 'secret' });
  point.handle('Reset', ({ params }) => ({ status: params.type }));
  await point.connect();
  const [client] = await connected;
  assert.deepEqual([client.identity, client.protocol], ['POINT 1', 'ocpp1.6']);
  client.handle('Heartbeat', ({ params }) => ({ currentTime: params.padding }));
  const calls = Array.from({ length: 20 }, (_, i) => point.call('Heartbeat', { padding: text(i * 1000) }));
  const answers = await Promise.all(calls);
  assert.deepEqual(
    answers.map(({ currentTime }) => currentTime),
    Array.from({ length: 20 }, (_, i) => text(i * 1000)),
  );
  assert.deepEqual(await client.call('Reset', { type: 'Soft' }), { status: 'Soft' });
  await assert.rejects(point.call('Unknown', {}), { rpcErrorCode: 'NotImplemented' });

  const stranger = new RPCClient({ ...options, identity: 'POINT 2', password: 'wrong' });
  await assert.rejects(stranger.connect(), { code: 401 });
  await point.close();
  await server.close();
});
