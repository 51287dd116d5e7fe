/** @discordjs/ws: a shard of a bot, as in discord.js. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { createDeflate, constants } from 'node:zlib';
import { CompressionMethod, WebSocketManager, WebSocketShardEvents } from '@discordjs/ws';
import { startService, text } from './support/local.mjs';

/** Serves the gateway, with one zlib stream for each connection. */
function serveGateway(ws, { url }) {
  const deflate = createDeflate();
  const say = (message) =>
    new Promise((resolve) => {
      deflate.write(JSON.stringify(message));
      deflate.flush(constants.Z_SYNC_FLUSH, () => resolve(ws.send(deflate.read())));
    });
  say({ op: 10, d: { heartbeat_interval: 45_000 } });
  ws.on('message', async (data) => {
    const { op, d } = JSON.parse(data);
    if (op === 1) await say({ op: 11 });
    if (op !== 2) return;
    const user = { id: '1', token: d.token };
    await say({ op: 0, t: 'READY', s: 1, d: { session_id: 'x', resume_gateway_url: url, user } });
    for (let i = 0; i < 50; i++) {
      await say({ op: 0, t: 'MESSAGE_CREATE', s: i + 2, d: { content: text(i * 100) } });
    }
  });
}

test('A shard identifies itself, and receives every event, compressed', async () => {
  const gateway = await startService(serveGateway);
  const session_start_limit = { total: 1, remaining: 1, reset_after: 0, max_concurrency: 1 };
  const manager = new WebSocketManager({
    token: 'secret',
    intents: 0,
    rest: { get: async () => ({ url: gateway.url, shards: 1, session_start_limit }) },
    shardCount: 1,
    compression: CompressionMethod.ZlibNative,
  });
  const heard = [];
  const all = new Promise((resolve, reject) => {
    manager.on(WebSocketShardEvents.Error, reject);
    manager.on(WebSocketShardEvents.Dispatch, (first, second) => {
      const { t, d } = first.data ?? first;
      if (t === 'MESSAGE_CREATE' && heard.push(d.content) === 50) resolve(second);
    });
  });
  await manager.connect();
  await all;
  assert.deepEqual(
    heard,
    Array.from({ length: 50 }, (_, i) => text(i * 100)),
  );
  const [client] = gateway.wss.clients;
  const closed = once(client, 'close');
  await manager.destroy();
  assert.equal((await closed)[0], 1000);
  await gateway.end();
});
