import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { WebSocket } from 'framewire';
import { createChat } from './chat.js';

const { http, stop } = createChat();
let url;

before(async () => {
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  url = `http://127.0.0.1:${http.address().port}`;
});
after(stop);

/** Logs in, and returns the cookie of the session. */
async function logIn(name, password) {
  const body = new URLSearchParams({ name, password });
  const response = await fetch(`${url}/login`, { method: 'POST', body });
  assert.equal(response.status, 204);
  return response.headers.get('set-cookie').split(';')[0];
}

/** Joins a room. Returns the connection, and a function that waits for the next message. */
async function join(room, cookie) {
  const address = `${url.replace('http:', 'ws:')}/chat?room=${room}`;
  const ws = await new WebSocket(address, { origin: url, headers: { cookie } }).opened;
  const messages = ws[Symbol.asyncIterator]();
  return { ws, next: async () => JSON.parse((await messages.next()).value) };
}

test('passes a message on to all members of a room', async () => {
  const alice = await join('kitchen', await logIn('alice', 'rabbit'));
  assert.deepEqual(await alice.next(), { type: 'joined', name: 'alice', members: 1 });

  const bob = await join('kitchen', await logIn('bob', 'hammer'));
  const joined = { type: 'joined', name: 'bob', members: 2 };
  assert.deepEqual(await bob.next(), joined);
  assert.deepEqual(await alice.next(), joined);

  bob.ws.send(JSON.stringify({ text: 'dinner is ready' }));
  const message = { type: 'message', name: 'bob', text: 'dinner is ready' };
  assert.deepEqual(await alice.next(), message);
  assert.deepEqual(await bob.next(), message);

  bob.ws.close(1000);
  assert.deepEqual(await alice.next(), { type: 'left', name: 'bob', members: 1 });
  alice.ws.close(1000);
});

test('closes the connection of a client that sends an invalid message', async () => {
  const { ws } = await join('lobby', await logIn('alice', 'rabbit'));
  ws.send('not JSON');
  const [code, reason] = await once(ws, 'close');
  assert.deepEqual([code, reason.toString()], [1008, 'not a chat message']);
});

test('refuses clients without a session, and pages of other sites', async () => {
  await assert.rejects(join('lobby', ''), { message: 'Unexpected server response: 401' });

  const headers = { cookie: await logIn('alice', 'rabbit') };
  const ws = new WebSocket(`${url.replace('http:', 'ws:')}/chat`, {
    origin: 'https://evil.example',
    headers,
  });
  await assert.rejects(ws.opened, { message: 'Unexpected server response: 403' });
});

test('closes its connections with 1001 when it stops', async () => {
  const { ws } = await join('lobby', await logIn('alice', 'rabbit'));
  const closed = once(ws, 'close');
  await stop();
  assert.equal((await closed)[0], 1001);
});
