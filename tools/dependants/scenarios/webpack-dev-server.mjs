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
  let broken = false;
  compiler.hooks.thisCompilation.tap('broken', ({ errors }) => {
    if (broken) errors.push(new webpack.WebpackError('broken'));
  });
  const server = new WebpackDevServer(
    { host: '127.0.0.1', port: 0, static: false, client: false, setupExitSignals: false },
    compiler,
  );
  await server.start();
  const address = `127.0.0.1:${server.server.address().port}`;
  const queue = [];
  let wake = () => {};
  let ws, ended;
  const connect = () => {
    ws = new WebSocket(`ws://${address}/ws`, { origin: `http://${address}` });
    ws.on('message', (data) => {
      queue.push(JSON.parse(data));
      wake();
    });
    // As pages do: the server ends connections that have not answered its ping after a second, which a busy machine can take.
    ws.on('close', () => {
      if (!ended) connect();
    });
  };
  connect();
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
  broken = true; // not a changed file: webpack can miss one that changes just before invalidate()
  server.middleware.invalidate();
  assert.match(JSON.stringify(await until('errors')), /broken/);
  ended = ending(ws);
  await server.stop();
  await ended;
  rmSync(folder, { recursive: true });
});
