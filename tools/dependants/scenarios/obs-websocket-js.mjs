/** obs-websocket-js: the remote control of OBS, in MessagePack. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { decode, encode } from '@msgpack/msgpack';
import OBSWebSocket from 'obs-websocket-js';
import { bytes, startService } from './support/local.mjs';

test('A session is negotiated, requests are answered, and events are received', async () => {
  const image = bytes(200_000);
  const obs = await startService(
    (ws) => {
      const say = (op, d) => ws.send(encode({ op, d }));
      say(0, { obsWebSocketVersion: '5.0.0', rpcVersion: 1 });
      ws.on('message', (data, isBinary) => {
        assert.ok(isBinary);
        const { op, d } = decode(data);
        if (op === 1) say(2, { negotiatedRpcVersion: d.rpcVersion });
        if (op !== 6) return;
        const { requestId, requestType } = d;
        const requestStatus = { result: requestType !== 'Unknown', code: 204, comment: 'no such request' };
        say(7, { requestId, requestType, requestStatus, responseData: { image } });
        say(5, { eventType: 'ExitStarted', eventData: {} });
      });
    },
    { handleProtocols: (protocols) => [...protocols][0] },
  );
  const client = new OBSWebSocket();
  assert.equal((await client.connect(obs.url)).negotiatedRpcVersion, 1);
  const heard = once(client, 'ExitStarted');
  const answer = await client.call('GetSourceScreenshot', {});
  assert.deepEqual(Buffer.from(answer.image), image);
  await heard;
  await assert.rejects(client.call('Unknown'), { code: 204 });
  await client.disconnect();
  await obs.end();
});
