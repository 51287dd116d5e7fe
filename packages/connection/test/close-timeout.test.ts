// The time limit of the closing handshake, with a fake clock.
import '@framewire/testing/fake-timers';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { closeOf, rawPair } from './support/pairs.ts';

test('destroys the socket after closeTimeout, and not earlier, if the peer never answers', async () => {
  const { connection, socket } = await rawPair('server', { closeTimeout: 500 });
  const closed = closeOf(connection);
  connection.close();
  vi.advanceTimersByTime(499);
  expect(socket.destroyed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(socket.destroyed).toBe(true);
  const [code] = await closed;
  expect(code).toBe(1006);
});

test('destroys the socket after closeTimeout if the peer has ended its side and does not read', async () => {
  const { connection, peer, socket } = await rawPair('server', { closeTimeout: 500 });
  connection.send(Buffer.alloc(64 << 20));
  const closed = closeOf(connection);
  peer.end();
  await once(socket, 'end');
  vi.advanceTimersByTime(500);
  expect((await closed)[0]).toBe(1006);
  peer.destroy();
});

test('close() in a listener after the stream has closed starts no time limit', async () => {
  const { connection, peer, socket } = await rawPair('server', { closeTimeout: 500 });
  connection.pause();
  connection.on('message', () => {
    connection.close();
  });
  const closed = closeOf(connection);
  socket.push(Buffer.from('81810000000061', 'hex'));
  socket.destroy();
  expect((await closed)[0]).toBe(1006);
  expect(vi.getTimerCount()).toBe(0);
  peer.destroy();
});
