// Data from another realm, for example from `node:vm` or from a test environment with globals of its own.
import { once } from 'node:events';
import { runInNewContext } from 'node:vm';
import { isProtocolError } from '@framewire/codec';
import { expect, test } from 'vitest';
import { closeOf, memoryPair } from './support/pairs.ts';

test.each([
  ['a Uint8Array', 'Uint8Array.of(1, 2, 3)'],
  ['a part of a Uint8Array', 'Uint8Array.of(0, 1, 2, 3, 4).subarray(1, 4)'],
  ['an ArrayBuffer', 'Uint8Array.of(1, 2, 3).buffer'],
  ['a DataView', 'new DataView(Uint8Array.of(0, 1, 2, 3).buffer, 1)'],
])('%s of another realm is sent as its bytes', async (_what, expression) => {
  const { client, server } = memoryPair();
  const received = once(server, 'message');
  client.send(runInNewContext(expression) as Uint8Array);
  expect(await received).toEqual([Buffer.of(1, 2, 3), true]);
  const ping = once(server, 'ping');
  client.ping(runInNewContext(expression));
  expect(await ping).toEqual([Buffer.of(1, 2, 3)]);
  client.terminate();
});

test('a reason from another realm is sent as its bytes', async () => {
  const { client, server } = memoryPair();
  const closed = closeOf(server);
  client.close(1000, runInNewContext('Uint8Array.of(98, 121, 101)') as Uint8Array);
  expect(await closed).toEqual([1000, 'bye']);
});

test('an error from another realm has its message in the error event', () => {
  const { client } = memoryPair();
  let message = '';
  client.onerror = (event) => (message = event.message);
  client.emit('error', runInNewContext(`new TypeError('connect ECONNREFUSED')`) as Error);
  expect(message).toBe('connect ECONNREFUSED');
  client.terminate();
});

test('isProtocolError recognises an error from another realm', () => {
  const error = runInNewContext(
    `Object.assign(new RangeError('text'), { code: 'WS_ERR_INVALID_OPCODE', closeCode: 1002 })`,
  ) as unknown;
  expect(isProtocolError(error)).toBe(true);
  expect(isProtocolError(undefined)).toBe(false);
});
