/** http-proxy: upgrades through a proxy that uses Node's HTTP modules. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import httpProxy from 'http-proxy';
import WebSocket, { WebSocketServer } from 'ws';
import { bytes, echo, ending, listen, nextMessage, startHttp, stop, text } from './support/local.mjs';

/** A server, a proxy in front of it, and the address of the proxy. */
async function start(options) {
  const { server, address: target } = await startHttp();
  const wss = new WebSocketServer({ server, ...options });
  const proxy = httpProxy.createProxyServer({ target: `http://${target}`, xfwd: true });
  const front = createServer((request, response) => proxy.web(request, response));
  front.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head));
  const address = await listen(front);
  return { server, wss, proxy, front, url: `ws://${address}/path?x=1` };
}

for (const [how, perMessageDeflate] of [
  ['without compression', false],
  ['with compression', { threshold: 0 }],
]) {
  test(`Text, binary, pings and close codes pass both ways ${how}`, async () => {
    const { server, wss, front, url } = await start({ perMessageDeflate });
    for (const closes of ['client', 'server']) {
      const connected = once(wss, 'connection');
      const ws = new WebSocket(url, { perMessageDeflate });
      await once(ws, 'open');
      const [peer, request] = await connected;
      echo(peer);
      assert.equal(request.url, '/path?x=1');
      assert.equal(request.headers['x-forwarded-for'], '127.0.0.1');
      for (const message of ['hello', text(100_000), bytes(1_000_000)]) {
        ws.send(message);
        assert.deepEqual(await nextMessage(ws), message);
      }
      for (const [from, to] of [
        [ws, peer],
        [peer, ws],
      ]) {
        const pinged = once(to, 'ping');
        const ponged = once(from, 'pong');
        from.ping('there?');
        assert.equal((await pinged)[0].toString(), 'there?');
        assert.equal((await ponged)[0].toString(), 'there?');
      }
      const ends = [ending(ws), ending(peer)];
      (closes === 'client' ? ws : peer).close(4321, 'by whom');
      assert.deepEqual(await Promise.all(ends), [
        [4321, 'by whom'],
        [4321, 'by whom'],
      ]);
    }
    await stop(front);
    await stop(server);
  });
}

test('Messages that follow the handshake immediately are not lost', async () => {
  const { server, wss, front, url } = await start();
  wss.on('connection', (peer) => {
    for (let i = 0; i < 100; i++) peer.send(String(i));
    peer.close(1000);
  });
  const ws = new WebSocket(url);
  const received = [];
  ws.on('message', (data) => received.push(Number(data)));
  await once(ws, 'close');
  assert.deepEqual(received, [...Array(100).keys()]);
  await stop(front);
  await stop(server);
});

test('A refusal of the target reaches the client, and a missing target ends the handshake', async () => {
  const { server, proxy, front, url } = await start({
    verifyClient: (info, answer) => answer(false, 403, 'not you', { 'X-Why': 'a rule' }),
  });
  const ws = new WebSocket(url);
  const [, response] = await once(ws, 'unexpected-response');
  assert.equal(response.statusCode, 403);
  assert.equal(response.headers['x-why'], 'a rule');
  response.resume();
  await once(response, 'close');

  await stop(server);
  const failed = new Promise((resolve) =>
    proxy.once('error', (error, request, socket) => resolve(socket.end())),
  );
  const gone = new WebSocket(url);
  const [error] = await once(gone, 'close').catch((reason) => [reason]);
  await failed;
  assert.equal(error.message, 'socket hang up');
  await stop(front);
});
