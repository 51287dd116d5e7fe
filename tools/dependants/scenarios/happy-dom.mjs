/** happy-dom: the WebSocket of a window outside of a browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Window } from 'happy-dom';
import { bytes, echo, startService, text } from './support/local.mjs';

test('A page sends and receives text, a Blob and bytes', async () => {
  const service = await startService(echo, { handleProtocols: (protocols) => [...protocols][0] });
  const window = new Window({ url: `http://${service.address}/` });
  const happens = (target, what) =>
    new Promise((resolve) => target.addEventListener(what, resolve, { once: true }));
  const ws = new window.WebSocket(service.url, ['chat']);
  await happens(ws, 'open');
  assert.deepEqual([ws.protocol, ws.url], ['chat', `${service.url}/`]);
  const roundTrip = async (data) => {
    const message = happens(ws, 'message');
    ws.send(data);
    return (await message).data;
  };
  assert.equal(await roundTrip(text(100_000)), text(100_000));
  const blob = await roundTrip(bytes(1000).buffer);
  assert.ok(blob instanceof window.Blob);
  ws.binaryType = 'arraybuffer';
  assert.deepEqual(Buffer.from(await roundTrip(bytes(100_000))), bytes(100_000));
  const closed = happens(ws, 'close');
  ws.close(3000, 'done');
  const { code, reason, wasClean } = await closed;
  assert.deepEqual([code, reason, wasClean], [3000, 'done', true]);
  await window.happyDOM.close();
  await service.end();
});
