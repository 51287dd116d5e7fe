/** jsdom: the WebSocket of a page's window. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { JSDOM } from 'jsdom';
import { WebSocketServer } from 'ws';
import { bytes, startHttp, stop, text } from './support/local.mjs';

/** A server, and one of its pages. */
async function start() {
  const { server, address } = await startHttp();
  const wss = new WebSocketServer({ server, handleProtocols: () => 'chat' });
  wss.on('headers', (headers) => headers.push('Set-Cookie: fresh=1'));
  const dom = new JSDOM('', { url: `http://${address}/page`, runScripts: 'outside-only' });
  const { window } = dom;
  window.document.cookie = 'who=ann';
  return { server, wss, window, url: `ws://${address}/socket` };
}

/** The next event of a kind. */
function next(target, type) {
  return new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));
}

test('Text, bytes and blobs go both ways, with the cookies and the origin of the page', async () => {
  const { server, wss, window, url } = await start();
  const connected = once(wss, 'connection');
  const ws = new window.WebSocket(url, ['chat', 'other']);
  await next(ws, 'open');
  const [peer, request] = await connected;
  assert.equal(ws.protocol, 'chat');
  assert.equal(ws.url, url);
  assert.equal(request.headers.cookie, 'who=ann');
  assert.equal(request.headers.origin, window.location.origin);
  assert.match(window.document.cookie, /fresh=1/);

  for (const message of ['hello', text(100_000)]) {
    const [received, sent] = [once(peer, 'message'), next(ws, 'message')];
    ws.send(message);
    const [data, isBinary] = await received;
    assert.equal(isBinary, false);
    peer.send(data.toString());
    const event = await sent;
    assert.equal(event.data, message);
    assert.equal(event.origin, new URL(url).origin);
  }

  const received = once(peer, 'message');
  ws.send(window.Uint8Array.from(bytes(1000)));
  assert.deepEqual((await received)[0], bytes(1000));
  const blob = next(ws, 'message');
  peer.send(bytes(500_000));
  assert.equal((await blob).data.size, 500_000);
  ws.binaryType = 'arraybuffer';
  const buffer = next(ws, 'message');
  peer.send(bytes(500_000));
  assert.deepEqual(Buffer.from((await buffer).data), bytes(500_000));

  const closed = once(peer, 'close');
  const ended = next(ws, 'close');
  ws.close(3001, 'from the page');
  const [code, reason] = await closed;
  assert.deepEqual([code, reason.toString()], [3001, 'from the page']);
  const { code: codeOfPage, wasClean } = await ended;
  assert.deepEqual([codeOfPage, wasClean], [3001, true]);
  window.close();
  await stop(server);
});

test('The page gets events when a connection closes or fails, and a closed window ends its connections', async () => {
  const { server, wss, window, url } = await start();
  wss.once('connection', (peer) => peer.close(4002, 'enough'));
  const ended = await next(new window.WebSocket(url, 'chat'), 'close');
  assert.deepEqual([ended.code, ended.reason, ended.wasClean], [4002, 'enough', true]);

  const failing = new window.WebSocket(`${url.replace(/:\d+/, ':1')}`);
  const [error, close] = await Promise.all([next(failing, 'error'), next(failing, 'close')]);
  assert.equal(error.type, 'error');
  assert.deepEqual([close.code, close.wasClean], [1006, false]);

  const connected = once(wss, 'connection');
  const ws = new window.WebSocket(url, 'chat');
  await next(ws, 'open');
  const [peer] = await connected;
  const closed = once(peer, 'close');
  window.close();
  assert.equal((await closed)[0], 1001);
  await stop(server);
});
