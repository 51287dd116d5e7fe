/** y-websocket, with its client of version 3 and the server of version 2: two documents that merge. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import WebSocket, { WebSocketServer } from 'ws';
import { startHttp, stop, text } from './support/local.mjs';

// The server exists only for require(), and all modules must get the same yjs.
const require = createRequire(import.meta.url);
const { docs, setupWSConnection } = require('y-websocket-server/bin/utils');
const { WebsocketProvider } = require('y-websocket');
const Y = require('yjs');

/** Resolves when `holds()` returns true. Calls it now, and after each update of the document. */
function until(doc, holds) {
  return new Promise((resolve) => {
    const check = () => {
      if (!holds()) return;
      doc.off('update', check);
      resolve();
    };
    doc.on('update', check);
    check();
  });
}

/** A connected document that has received everything from the server. */
async function join(url, options = {}) {
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(url, 'room', doc, {
    WebSocketPolyfill: WebSocket,
    disableBc: true,
    maxBackoffTime: 20,
    ...options,
  });
  await new Promise((resolve) => provider.once('sync', resolve));
  return { doc, provider };
}

for (const [how, perMessageDeflate] of [
  ['without compression', false],
  ['with compression', { threshold: 0 }],
]) {
  test(`Two documents sync, see each other, and sync again after the connection breaks, ${how}`, async () => {
    const { server, address } = await startHttp();
    const wss = new WebSocketServer({ server, perMessageDeflate });
    wss.on('connection', setupWSConnection);
    const url = `ws://${address}`;
    const [one, two] = [await join(url), await join(url)];
    const texts = [one, two].map(({ doc }) => doc.getText('text'));

    texts[0].insert(0, 'from one ');
    texts[1].insert(0, 'from two ');
    texts[0].insert(texts[0].length, text(200_000));
    const full = 'from one '.length + 'from two '.length + 200_000;
    await Promise.all([one, two].map(({ doc }) => until(doc, () => doc.getText('text').length === full)));
    assert.equal(texts[0].toString(), texts[1].toString());

    const seen = new Promise((resolve) => {
      two.provider.awareness.on('change', ({ added, updated }) => {
        if ([...added, ...updated].includes(one.doc.clientID)) resolve();
      });
    });
    one.provider.awareness.setLocalStateField('user', { name: 'ann' });
    await seen;
    assert.equal(two.provider.awareness.getStates().get(one.doc.clientID).user.name, 'ann');

    const lost = [one, two].map(
      ({ provider }) => new Promise((resolve) => provider.once('connection-close', resolve)),
    );
    const again = [one, two].map(
      ({ provider }) => new Promise((resolve) => provider.on('sync', (synced) => synced && resolve())),
    );
    for (const ws of wss.clients) ws.terminate();
    await Promise.all(lost);
    one.doc.getMap('map').set('written', 'while apart');
    await Promise.all(again);
    await until(two.doc, () => two.doc.getMap('map').get('written') === 'while apart');

    const closed = [...wss.clients].map((ws) => once(ws, 'close'));
    for (const { doc, provider } of [one, two]) {
      provider.destroy();
      doc.destroy();
    }
    await Promise.all(closed);
    await stop(server);
    for (const doc of docs.values()) doc.destroy();
    docs.clear();
  });
}
