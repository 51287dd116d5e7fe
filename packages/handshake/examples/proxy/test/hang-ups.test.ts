// Clients that hang up before the proxy can answer them leave no socket open.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, test } from 'vitest';
import {
  RawClient,
  receivedUntil,
  requestHead,
  RESPONSE_HEAD,
  startBackend,
  startProxy,
  UNUSED_PORT,
} from './support.ts';

const CLIENTS = 50;

interface Attack {
  readonly clients: readonly RawClient[];
  /** The sockets of the backend, each of which has received a whole request. */
  readonly backends: readonly Socket[];
  /** The sockets of the proxy. */
  readonly sockets: ReadonlySet<Socket>;
}

/** Clients that have sent their requests, to a backend that has received all of them and does not answer yet. */
async function attack(more = ''): Promise<Attack> {
  const backends: Socket[] = [];
  let haveAll: (value: unknown) => void = () => {};
  const all = new Promise((resolve) => (haveAll = resolve));
  const backend = await startBackend((socket) => {
    void receivedUntil(socket, '\r\n\r\n').then(() => {
      socket.resume();
      if (backends.push(socket) === CLIENTS) haveAll(undefined);
    });
  });
  const { port, sockets } = await startProxy({ '/': backend }, { closeTimeout: 50 });
  const clients = Array.from({ length: CLIENTS }, () => new RawClient(port).send(requestHead('/') + more));
  await all;
  return { clients, backends, sockets };
}

/** Waits until the sockets have emitted `close`, after any errors. */
function closed(sockets: Iterable<Socket>): Promise<unknown> {
  return Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
}

/** Waits until the proxy has closed all its sockets. */
async function untilNothingIsLeft(sockets: ReadonlySet<Socket>): Promise<void> {
  while (sockets.size > 0) await closed(sockets);
}

describe('clients that reset while their backend has not answered', () => {
  test('close the connections to the backend, which need not answer', async () => {
    const { clients, backends, sockets } = await attack();
    const ended = closed(backends);
    for (const { socket } of clients) socket.resetAndDestroy();
    await untilNothingIsLeft(sockets);
    for (const socket of backends) socket.end();
    await ended;
  });

  test.each([
    ['the upgrade', RESPONSE_HEAD],
    ['a refusal, the body of which never ends', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nno'],
    ['half a head', 'HTTP/1.1 101 Switching'],
  ])('leave nothing open when it answers at that moment: %s', async (_, answer) => {
    const { clients, backends, sockets } = await attack();
    for (const [index, { socket }] of clients.entries()) {
      socket.resetAndDestroy();
      backends[index]?.write(answer);
    }
    await untilNothingIsLeft(sockets);
  });

  test('leave nothing open, even if the proxy had too much to read to see the reset', async () => {
    const { clients, backends, sockets } = await attack('x'.repeat(300_000));
    for (const { socket } of clients) socket.resetAndDestroy();
    for (const socket of backends) socket.write(RESPONSE_HEAD);
    await untilNothingIsLeft(sockets);
  });
});

test('a client that resets while the proxy connects to the backend leaves nothing open', async () => {
  const { port, sockets } = await startProxy({ '/': UNUSED_PORT });
  for (let i = 0; i < 20; i++) {
    const client = new RawClient(port).send(requestHead('/'));
    await once(client.socket, 'connect');
    client.socket.resetAndDestroy();
  }
  await untilNothingIsLeft(sockets);
});
