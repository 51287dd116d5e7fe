/** @react-native/dev-middleware: a debugger and an app, connected through the development server. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { createDevMiddleware } from '@react-native/dev-middleware';
import WebSocket from 'ws';
import { ending, nextMessage, stop, text } from './support/local.mjs';

test('A debugger exchanges messages with a page of an app', async () => {
  const server = createServer((request, response) => handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${server.address().port}`;
  const { middleware, websocketEndpoints } = createDevMiddleware({
    serverBaseUrl: `http://${address}`,
    // By default, the middleware searches for the program that shows the debugger.
    unstable_toolLauncher: {},
  });
  const handle = (request, response) => middleware(request, response, () => response.writeHead(404).end());
  server.on('upgrade', (request, socket, head) => {
    const endpoint = websocketEndpoints[new URL(request.url, 'http://x').pathname];
    endpoint.handleUpgrade(request, socket, head, (ws) => endpoint.emit('connection', ws, request));
  });

  const device = new WebSocket(`ws://${address}/inspector/device?device=1&name=phone&app=app`);
  await once(device, 'open');
  const say = (event, payload) => device.send(JSON.stringify({ event, payload }));
  const page = { id: 'p', title: 'page', app: 'app', description: 'page', vm: 'Hermes', capabilities: {} };
  device.on('message', (data) => {
    const { event, payload } = JSON.parse(data);
    if (event === 'getPages') say('getPages', [page]);
    if (event !== 'wrappedEvent') return;
    const { id, params } = JSON.parse(payload.wrappedEvent);
    const wrappedEvent = JSON.stringify({ id, result: { value: params?.expression } });
    say('wrappedEvent', { pageId: payload.pageId, wrappedEvent });
  });
  say('getPages', [page]);
  let listed = [];
  while (listed.length === 0) listed = await (await fetch(`http://${address}/json/list`)).json();
  const client = new WebSocket(listed[0].webSocketDebuggerUrl, { origin: `http://${address}` });
  await once(client, 'open');
  for (const [id, length] of [
    [1, 10],
    [2, 100_000],
  ]) {
    const expression = text(length);
    client.send(JSON.stringify({ id, method: 'Runtime.evaluate', params: { expression } }));
    assert.deepEqual(JSON.parse(await nextMessage(client)), { id, result: { value: expression } });
  }
  const ended = [client, device].map(ending);
  client.close();
  device.close();
  await Promise.all(ended);
  await stop(server);
});
