/** livereload: a server that notifies browsers of changed files. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import livereload from 'livereload';
import WebSocket from 'ws';
import { ending, nextMessage } from './support/local.mjs';

test('The server answers the hello of a browser, and notifies it of a change', async () => {
  const reloads = await new Promise((resolve) => {
    const each = livereload.createServer({ port: 0, host: '127.0.0.1', noListen: true });
    each.listen(() => resolve(each));
  });
  const ws = new WebSocket(`ws://127.0.0.1:${reloads.server.address().port}/livereload`);
  await once(ws, 'open');
  ws.send(JSON.stringify({ command: 'hello', protocols: [] }));
  assert.equal(JSON.parse(await nextMessage(ws)).serverName, 'node-livereload');
  reloads.refresh('page.css');
  const { command, path } = JSON.parse(await nextMessage(ws));
  assert.deepEqual([command, path], ['reload', 'page.css']);
  const ended = ending(ws);
  ws.close();
  await ended;
  reloads.close();
});
