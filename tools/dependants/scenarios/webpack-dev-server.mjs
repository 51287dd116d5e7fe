/** webpack-dev-server: a page is notified of new bundles. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import webpack from 'webpack';
import WebpackDevServer from 'webpack-dev-server';
import WebSocket from 'ws';
import { ending } from './support/local.mjs';

test('A page is notified of each bundle, and of errors', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'framewire-webpack-'));
  const entry = join(folder, 'index.js');
  writeFileSync(entry, 'export const x = 1;');
  const compiler = webpack({
    mode: 'development',
    context: folder,
    entry,
    infrastructureLogging: { level: 'none' },
    stats: 'none',
  });
  const server = new WebpackDevServer(
    { host: '127.0.0.1', port: 0, static: false, client: false, setupExitSignals: false },
    compiler,
  );
  await server.start();
  const address = `127.0.0.1:${server.server.address().port}`;
  const ws = new WebSocket(`ws://${address}/ws`, { origin: `http://${address}` });
  const queue = [];
  let wake = () => {};
  ws.on('message', (data) => {
    queue.push(JSON.parse(data));
    wake();
  });
  const until = async (wanted) => {
    for (;;) {
      while (queue.length > 0) {
        const { type, data } = queue.shift();
        if (type === wanted) return data;
      }
      await new Promise((resolve) => (wake = resolve));
    }
  };
  assert.match(await until('hash'), /^[\da-f]+$/);
  await until('ok');
  writeFileSync(entry, 'export const x = ;');
  server.middleware.invalidate();
  assert.match(JSON.stringify(await until('errors')), /Unexpected token/);
  const ended = ending(ws);
  await server.stop();
  await ended;
  rmSync(folder, { recursive: true });
});
