// PreparedMessage: one message for many connections.
import { describe, expect, test } from 'vitest';
import { PreparedMessage, type Extension } from '@framewire/connection';
import { readBytes } from '@framewire/testing';
import { closeOf, collect, end, hex, memoryPair, rawPair, tcpPair } from './support/pairs.ts';

describe('a PreparedMessage', () => {
  test.each([
    ['text', 'hi', undefined, '81 02 6869'],
    ['bytes', Buffer.from('hi'), undefined, '82 02 6869'],
    ['text with binary: true', 'hi', true, '82 02 6869'],
    ['bytes with binary: false', Buffer.from('hi'), false, '81 02 6869'],
  ])('of %s is one frame', async (_what, data, binary, wire) => {
    const { connection, peer } = await rawPair('server');
    connection.send(new PreparedMessage(data, { binary }));
    connection.send('!');
    expect(await readBytes(peer, 7)).toEqual(hex(`${wire} 81 01 21`));
    connection.terminate();
    await closeOf(connection);
  });

  test('may be sent on many connections, many times, by both ends, in order with other messages', async () => {
    const pairs = [memoryPair(), memoryPair(), await tcpPair()];
    const prepared = [
      new PreparedMessage('a'),
      new PreparedMessage('b'.repeat(20_000)),
      new PreparedMessage('c'),
    ];
    const received = pairs.flatMap(({ client, server }) => [collect(client), collect(server)]);
    for (let round = 0; round < 2; round++) {
      for (const { client, server } of pairs) {
        for (const ws of [client, server]) {
          ws.send('first');
          for (const message of prepared) ws.send(message);
          ws.send('last');
          for (const message of prepared) ws.send(message);
        }
      }
    }
    const turn = ['first', 'a', 'b'.repeat(20_000), 'c', 'last', 'a', 'b'.repeat(20_000), 'c'];
    for (const one of received) expect(await one.until(16)).toEqual([...turn, ...turn]);
    for (const pair of pairs) await end(pair);
  });

  test('has a copy of the bytes', async () => {
    const pair = memoryPair();
    const received = collect(pair.client);
    const bytes = Buffer.from('before');
    const prepared = new PreparedMessage(bytes);
    bytes.fill('x');
    pair.server.send(prepared);
    expect(await received.until(1)).toEqual(['before']);
    await end(pair);
  });

  test('counts in bufferedAmount of a closed connection, and its callback gets an error', async () => {
    const pair = memoryPair();
    await end(pair);
    const before = pair.server.bufferedAmount;
    const error = new Promise((resolve) => {
      pair.server.send(new PreparedMessage('four'), resolve);
    });
    expect(pair.server.bufferedAmount - before).toBe(4);
    expect(String(await error)).toBe('Error: WebSocket is not open: readyState 3 (CLOSED)');
  });

  test('cannot be created from a Blob, or from data that send() rejects', () => {
    expect(() => new PreparedMessage(new Blob(['x']))).toThrow(TypeError);
    expect(() => new PreparedMessage(Symbol('x') as never)).toThrow(TypeError);
  });

  test('waits for earlier messages', async () => {
    const pair = memoryPair();
    const received = collect(pair.client);
    pair.server.send(new Blob(['early']));
    pair.server.send(new PreparedMessage('late'));
    expect(await received.until(2)).toEqual(['early', 'late']);
    await end(pair);
  });

  test('is the last fragment of a message that was started with fin: false', async () => {
    const pair = memoryPair();
    const received = collect(pair.client);
    pair.server.send('a', { fin: false });
    pair.server.send(new PreparedMessage('b'));
    expect(await received.until(1)).toEqual(['ab']);
    await end(pair);
  });
});

describe('with an extension, a PreparedMessage', () => {
  /** Leaves messages uncompressed, and records the data of each. */
  function noting(parts: unknown[], more: Partial<Extension> = {}): Extension {
    return {
      name: 'noting',
      compress: ({ data }, done) => {
        parts.push(data);
        done(null);
      },
      decompress: (data, done) => {
        done(null, data);
      },
      close: () => {},
      ...more,
    };
  }

  test('is compressed like any message if the extension cannot share', async () => {
    const parts: unknown[] = [];
    const { connection, peer } = await rawPair('server', { extension: noting(parts) });
    connection.send(new PreparedMessage('hi'));
    connection.send(new PreparedMessage('no', { compress: false }));
    expect(await readBytes(peer, 8)).toEqual(hex('81 02 6869 81 02 6e6f'));
    expect(parts).toEqual(['hi']);
    connection.terminate();
    await closeOf(connection);
  });

  test('is sent in the shared compressed form, uncompressed, or compressed like any message', async () => {
    const parts: unknown[] = [];
    const made = [Buffer.from('*'), null, undefined];
    const extension = noting(parts, { compressShared: () => made.shift() });
    const { connection, peer } = await rawPair('server', { extension });
    for (const text of ['a', 'b', 'c']) connection.send(new PreparedMessage(text));
    expect(await readBytes(peer, 9)).toEqual(hex('c1 01 2a 81 01 62 81 01 63'));
    expect(parts).toEqual(['c']);
    connection.terminate();
    await closeOf(connection);
  });

  test('is masked with a new key by each client', async () => {
    const extension = noting([], { compressShared: () => Buffer.from([0]) });
    const { connection, peer } = await rawPair('client', {
      extension,
      generateMask: (mask) => mask.fill(7),
    });
    connection.send(new PreparedMessage('a'));
    expect(await readBytes(peer, 7)).toEqual(hex('c1 81 07070707 07'));
    connection.terminate();
    await closeOf(connection);
  });
});
