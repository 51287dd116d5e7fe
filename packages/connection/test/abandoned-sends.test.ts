// Sends that are still waiting when the socket closes.
import { expect, test } from 'vitest';
import { invertingPair } from './support/inverting.ts';
import { closeOf, end, memoryPair, uncaughtIn } from './support/pairs.ts';

const CLOSED = 'Error: The socket was closed before the data could be sent';

test('calls the callback of each waiting send once with an error when the socket closes, in order and before close', async () => {
  const pair = invertingPair();
  const lines: string[] = [];
  const done = (name: string) => (error?: Error | null) => lines.push(`${name}: ${String(error)}`);
  pair.client.send('Late', done('late'));
  pair.client.send('later', done('later'));
  pair.client.ping('p', undefined, done('ping'));
  pair.client.send(new Blob(['b']), done('blob'));
  pair.client.send('without a callback');
  pair.client.on('close', () => lines.push('close'));
  pair.client.terminate();
  await end(pair);
  expect(lines).toEqual([...['late', 'later', 'ping', 'blob'].map((name) => `${name}: ${CLOSED}`), 'close']);
});

test('calls the other callbacks and emits close after a callback has thrown', async () => {
  const pair = invertingPair();
  const lines: string[] = [];
  const errors = await uncaughtIn(async () => {
    pair.client.send('Late', () => {
      throw new Error('mine');
    });
    pair.client.send('later', (error) => lines.push(String(error)));
    pair.client.terminate();
    await closeOf(pair.client);
  });
  expect([lines, errors]).toEqual([[CLOSED], ['Error: mine']]);
  await end(pair);
});

test.each([
  ['is read', () => Promise.resolve(new ArrayBuffer(1))],
  ['cannot be read', () => Promise.reject(new Error('gone'))],
])('ignores a blob that %s after the socket has closed', async (_what, settle) => {
  const pair = memoryPair();
  const lines: string[] = [];
  let read = (): void => undefined;
  const blob = new Blob(['x']);
  blob.arrayBuffer = () => new Promise<void>((resolve) => (read = resolve)).then(settle);
  pair.client.on('error', (error) => lines.push(`error ${String(error)}`));
  pair.client.send(blob, (error) => lines.push(String(error)));
  pair.client.terminate();
  await closeOf(pair.client);
  read();
  await new Promise((resolve) => setImmediate(resolve));
  expect(lines).toEqual([CLOSED]);
  await end(pair);
});

test('calls the callback of an unreadable blob once, even if it throws, and then those of later sends', async () => {
  const pair = memoryPair();
  const lines: string[] = [];
  const blob = new Blob(['x']);
  blob.arrayBuffer = () => Promise.reject(new Error('gone'));
  pair.client.on('error', () => undefined);
  const errors = await uncaughtIn(async () => {
    pair.client.send(blob, (error) => {
      lines.push(String(error));
      throw new Error('mine');
    });
    const later = new Promise((resolve) => {
      pair.client.send('later', resolve);
    });
    await later;
    await end(pair);
  });
  expect([lines, errors]).toEqual([['Error: gone'], ['Error: mine']]);
});
