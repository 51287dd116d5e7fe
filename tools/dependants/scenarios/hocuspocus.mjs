/** Hocuspocus: documents of Yjs that several people edit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { Server } from '@hocuspocus/server';
import WebSocket from 'ws';
import * as Y from 'yjs';

test('Edits reach each other, and a stranger is refused', async () => {
  const server = new Server({
    port: 0,
    address: '127.0.0.1',
    quiet: true,
    stopOnSignals: false,
    async onAuthenticate({ token }) {
      if (token !== 'secret') throw new Error('who are you?');
    },
  });
  await server.listen();
  const url = `ws://127.0.0.1:${server.address.port}`;
  const open = (token) => {
    const websocketProvider = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket });
    const provider = new HocuspocusProvider({
      websocketProvider,
      name: 'page',
      document: new Y.Doc(),
      token,
    });
    provider.attach();
    return provider;
  };
  const happens = (provider, what) => new Promise((resolve) => provider.on(what, resolve));

  const [one, two] = [open('secret'), open('secret')];
  await Promise.all([one, two].map((each) => happens(each, 'synced')));
  const heard = new Promise((resolve) => {
    two.document.getArray('list').observe(() => two.document.getArray('list').length === 1000 && resolve());
  });
  for (let i = 0; i < 1000; i++) one.document.getArray('list').push([i]);
  await heard;
  assert.deepEqual(
    two.document.getArray('list').toArray(),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  const stranger = open('wrong');
  await happens(stranger, 'authenticationFailed');
  for (const provider of [one, two, stranger]) {
    provider.configuration.websocketProvider.destroy();
    provider.destroy();
  }
  await server.destroy();
});
