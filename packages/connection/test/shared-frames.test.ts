// Connections that send the same message in one turn share one encoded buffer, and every receiver gets exactly what was sent to it.
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { readBytes } from '@framewire/testing';
import {
  openPartOf,
  PreparedMessage,
  type Extension,
  type OutgoingPart,
  type TransformDone,
  type WebSocketConnection,
} from '@framewire/connection';
import { attach, closeOf, end, hex, memoryPair, rawPair, readAll } from './support/pairs.ts';
import { SteppedStream } from './support/stepped-stream.ts';

interface Receiver {
  readonly connection: WebSocketConnection;
  readonly peer: Duplex;
}

async function receivers(count: number, extension?: () => Extension): Promise<Receiver[]> {
  const pairs: Receiver[] = [];
  for (let i = 0; i < count; i++) {
    pairs.push(await rawPair('server', extension === undefined ? {} : { extension: extension() }));
  }
  return pairs;
}

async function endAll(all: readonly Receiver[]): Promise<void> {
  for (const { connection, peer } of all) {
    connection.terminate();
    await closeOf(connection);
    peer.destroy();
  }
}

/**
 * Records the buffers that a connection passes to the kernel. A socket whose `write()` is replaced would get copies, so this replaces the
 * method of its handle.
 */
function writesOf({ connection }: Receiver): Uint8Array[] {
  const { _handle: handle } = openPartOf(connection)!.stream as unknown as {
    _handle: { writeBuffer(request: object, chunk: Uint8Array): number };
  };
  const writes: Uint8Array[] = [];
  const write = handle.writeBuffer.bind(handle);
  handle.writeBuffer = (request, chunk) => {
    writes.push(chunk);
    return write(request, chunk);
  };
  return writes;
}

describe('a text that several connections send in one turn', () => {
  test('is one buffer for all connections except the first', async () => {
    const all = await receivers(4);
    const writes = all.map(writesOf);
    for (const { connection } of all) connection.send('hello');
    for (const { connection } of all) connection.send('world');
    for (const { peer } of all) {
      expect(await readBytes(peer, 14)).toEqual(hex('81 05 68656c6c6f 81 05 776f726c64'));
    }
    expect(writes.map(({ length }) => length)).toEqual([1, 1, 1, 1]);
    expect(writes[2]![0]).toBe(writes[1]![0]);
    expect(writes[3]![0]).toBe(writes[1]![0]);
    await endAll(all);
  });

  test('is a buffer of its own for each receiver over streams that pass memory on', async () => {
    const pairs = Array.from({ length: 3 }, () => memoryPair());
    const received = pairs.map(async ({ client }) => {
      const [data] = (await once(client, 'message')) as [Buffer];
      const text = data.toString();
      data.fill('?');
      return text;
    });
    for (const { server } of pairs) server.send('the same text');
    expect(await Promise.all(received)).toEqual(pairs.map(() => 'the same text'));
    await Promise.all(pairs.map(end));
  });

  test('comes after earlier messages to a receiver', async () => {
    const all = await receivers(2);
    all[0]!.connection.send('text');
    all[1]!.connection.send(Buffer.from('own'));
    all[1]!.connection.send('text');
    expect(await readBytes(all[1]!.peer, 11)).toEqual(hex('82 03 6f776e 81 04 74657874'));
    await endAll(all);
  });

  test('is written together with the other messages of each connection, in send order', async () => {
    const all = await receivers(4);
    const writes = all.map(writesOf);
    for (const { connection } of all) connection.send('a');
    all[1]!.connection.send('1');
    all[2]!.connection.ping('p');
    for (const { connection } of all) connection.send('b');
    for (const { connection } of all) connection.send(Buffer.from('c'));
    const expected = ['', '8101 31', '8901 70', ''].map((own) => hex(`8101 61 ${own} 8101 62 8201 63`));
    for (const [index, { peer }] of all.entries()) {
      expect(await readBytes(peer, expected[index]!.length)).toEqual(expected[index]);
    }
    expect(writes.map(({ length }) => length)).toEqual([1, 1, 1, 1]);
    await endAll(all);
  });

  test('is distinguished from the same text as binary, as a fragment, and from other texts', async () => {
    const all = await receivers(3);
    for (const { connection } of all) connection.send('a');
    for (const { connection } of all) connection.send('a', { binary: true });
    for (const { connection } of all) connection.send('a', { fin: false });
    for (const { connection } of all) connection.send('a');
    for (const { connection } of all) connection.send('b');
    for (const { peer } of all) {
      expect(await readBytes(peer, 15)).toEqual(hex('8101 61 8201 61 0101 61 8001 61 8101 62'));
    }
    await endAll(all);
  });

  test('is distinguished from the same text as binary after the same message', async () => {
    const all = await receivers(3);
    for (const { connection } of all) connection.send('a');
    for (const [index, { connection }] of all.entries()) connection.send('b', { binary: index === 2 });
    for (const [index, { peer }] of all.entries()) {
      expect(await readBytes(peer, 6)).toEqual(hex(`8101 61 ${index === 2 ? '82' : '81'}01 62`));
    }
    await endAll(all);
  });

  test('may be long, and calls every callback', async () => {
    const all = await receivers(3);
    const text = 'x'.repeat(70_000);
    const sent = vi.fn();
    for (const { connection } of all) connection.send(text, sent);
    for (const { connection } of all) connection.send('end', sent);
    for (const { connection } of all) connection.close();
    for (const { peer } of all) {
      peer.end(hex('8880 00000000'));
      const bytes = (await readAll(peer)).subarray(0, -2);
      expect(bytes.subarray(0, 11)).toEqual(hex('81 7f 0000000000011170 78'));
      expect(bytes.subarray(-6)).toEqual(hex('78 81 03 656e64'));
    }
    expect(sent).toHaveBeenCalledTimes(6);
  });

  test('is written before a later close frame', async () => {
    const all = await receivers(3);
    for (const { connection } of all) connection.send('a');
    for (const { connection } of all) connection.close(1000);
    for (const { peer } of all) expect(await readBytes(peer, 7)).toEqual(hex('8101 61 8802 03e8'));
    await endAll(all);
  });

  test('may be sent again in another turn', async () => {
    const all = await receivers(2);
    const writes = all.map(writesOf);
    for (let turn = 0; turn < 3; turn++) {
      for (const { connection } of all) connection.send('a');
      for (const { peer } of all) expect(await readBytes(peer, 3)).toEqual(hex('8101 61'));
    }
    expect(new Set(writes.flat()).size).toBe(6);
    await endAll(all);
  });

  test('is a new frame in another turn, even if it is so long that it was written immediately', async () => {
    const all = await receivers(3);
    const writes = all.map(writesOf);
    const text = 'x'.repeat(70_000);
    all[0]!.connection.send(text);
    await new Promise(setImmediate);
    for (const { connection } of all.slice(1)) connection.send(text);
    await new Promise(setImmediate);
    expect(writes.map(({ length }) => length)).toEqual([1, 1, 1]);
    // With the frame of the turn before, both would write the same buffer.
    expect(writes[1]![0] === writes[2]![0]).toBe(false);
    await endAll(all);
  });

  test('is masked with its own key by each client', async () => {
    const one = await rawPair('client');
    const other = await rawPair('client');
    one.connection.send('a');
    other.connection.send('a');
    for (const { peer } of [one, other]) {
      const [first, second, ...rest] = await readBytes(peer, 7);
      expect([first, second, rest[4]! ^ rest[0]!]).toEqual([0x81, 0x81, 0x61]);
    }
    await endAll([one, other]);
  });
});

describe('prepared messages that several connections send in one turn', () => {
  const [a, b] = [new PreparedMessage('a'), new PreparedMessage('b')];

  test('are one buffer for all connections, and call every callback', async () => {
    const all = await receivers(3);
    const writes = all.map(writesOf);
    const sent = vi.fn();
    for (const message of [a, b]) {
      all[0]!.connection.send(message);
      all[1]!.connection.send(message, sent);
      all[2]!.connection.send(message);
    }
    for (const { peer } of all) expect(await readBytes(peer, 6)).toEqual(hex('8101 61 8101 62'));
    expect(writes.map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(new Set(writes.flat()).size).toBe(1);
    expect(sent.mock.calls).toEqual([[undefined], [undefined]]);
    await endAll(all);
  });

  test('keep their order among the other sends of each connection', async () => {
    const all = await receivers(6);
    const writes = all.map(writesOf);
    const [plain, ping, callback, closing, reverse, own] = all.map(({ connection }) => connection);
    own!.send('first');
    for (const { connection } of all) if (connection !== reverse) connection.send(a);
    plain!.send('1');
    ping!.ping('p');
    callback!.send('2', () => undefined);
    closing!.close(1000);
    for (const { connection } of all) if (connection !== closing) connection.send(b);
    reverse!.send(a);
    const expected = [
      '8101 61 8101 31 8101 62',
      '8101 61 8901 70 8101 62',
      '8101 61 8101 32 8101 62',
      '8101 61 8802 03e8',
      '8101 62 8101 61',
      '8105 6669727374 8101 61 8101 62',
    ].map(hex);
    for (const [index, { peer }] of all.entries()) {
      expect(await readBytes(peer, expected[index]!.length)).toEqual(expected[index]);
    }
    expect(writes.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1, 1]);
    await endAll(all);
  });

  test('are buffers of their own for receivers over streams that pass memory on', async () => {
    const pairs = [1, 2, 3].map(() => memoryPair());
    const received = pairs.map(async ({ client }) => {
      const [data] = (await once(client, 'message')) as [Buffer];
      const text = data.toString();
      data.fill('?');
      return text;
    });
    for (const { server } of pairs) server.send(a);
    expect(await Promise.all(received)).toEqual(['a', 'a', 'a']);
    for (const pair of pairs) await end(pair);
  });

  test('count as waiting until they are written', async () => {
    const stream = new SteppedStream('full');
    const connection = attach(stream, 'server', { highWaterMark: 5 });
    connection.send(a);
    expect([connection.bufferedAmount, connection.writableNeedDrain]).toEqual([3, false]);
    connection.send(a);
    expect([connection.bufferedAmount, connection.writableNeedDrain]).toEqual([6, true]);
    await new Promise(setImmediate);
    expect(stream.takeChunk()).toEqual(hex('8101 61 8101 61'));
    connection.terminate();
    await closeOf(connection);
  });

  test('emit `drain` for a slow receiver, even if it reads before they are written', async () => {
    const stream = new SteppedStream('full');
    const connection = attach(stream, 'server', { highWaterMark: 10 });
    const [fast] = await receivers(1);
    const drained = vi.fn();
    connection.on('drain', drained);
    connection.send('12345678');
    await new Promise(setImmediate);
    for (const one of [fast!.connection, connection]) one.send(a);
    expect(connection.bufferedAmount).toBe(13);
    expect(stream.takeChunk()).toEqual(hex('8108 3132333435363738'));
    await new Promise(setImmediate);
    expect(stream.takeChunk()).toEqual(hex('8101 61'));
    expect(drained).toHaveBeenCalledTimes(1);
    expect(await readBytes(fast!.peer, 3)).toEqual(hex('8101 61'));
    connection.terminate();
    await closeOf(connection);
    await endAll([fast!]);
  });

  test('reach the other receivers if the stream of one throws', async () => {
    const all = await receivers(3);
    const [first, throwing, last] = all;
    openPartOf(throwing!.connection)!.stream.write = () => {
      throw new Error('no');
    };
    const closed = closeOf(throwing!.connection);
    throwing!.connection.on('error', () => undefined);
    for (const { connection } of all) connection.send(a);
    expect(await closed).toEqual([1006, '']);
    for (const { peer } of [first!, last!]) expect(await readBytes(peer, 3)).toEqual(hex('8101 61'));
    throwing!.peer.destroy();
    await endAll([first!, last!]);
  });
});

describe('a text that an extension compresses', () => {
  /** Returns the same object for the same text, and new objects for everything else. */
  const shared = Buffer.from('shared');
  class Sharing implements Extension {
    readonly name = 'x-share';
    readonly sharesTexts = true;
    compress({ data }: OutgoingPart, done: TransformDone): void {
      done(null, data === 'text' ? shared : Buffer.from('own'));
    }
    decompress(data: Uint8Array, done: TransformDone): void {
      done(null, data);
    }
    close(): void {
      // Nothing to free.
    }
  }

  test('is shared by connections with the same parameters, and not by those without the extension', async () => {
    const compressed = await receivers(3, () => new Sharing());
    const plain = await receivers(3);
    const all = [0, 1, 2].flatMap((i) => [compressed[i]!, plain[i]!]);
    const writes = all.map(writesOf);
    for (const { connection } of all) connection.send('text');
    for (const { peer } of compressed) {
      expect(await readBytes(peer, 8)).toEqual(hex('c1 06 736861726564'));
    }
    for (const { peer } of plain) expect(await readBytes(peer, 6)).toEqual(hex('81 04 74657874'));
    expect(writes[4]![0]).toBe(writes[2]![0]);
    expect(writes[5]![0]).toBe(writes[3]![0]);
    await endAll(all);
  });
});

test('a frame that is compressed for only one connection does not replace another frame of the turn', async () => {
  const alone: Extension = {
    name: 'x-alone',
    compress: ({ data }, done) => done(null, Buffer.from(data as string)),
    decompress: (data, done) => done(null, data),
    close: () => undefined,
  };
  const plain = await receivers(3);
  const others = await receivers(8, () => alone);
  const writes = plain.map(writesOf);
  for (const { connection } of [plain[0]!, ...others, ...plain.slice(1)]) connection.send('hello');
  for (const { peer } of plain) expect(await readBytes(peer, 7)).toEqual(hex('81 05 68656c6c6f'));
  expect(writes[1]![0]).toBe(writes[2]![0]);
  await endAll([...plain, ...others]);
});

test('a receiver gets both texts if a second is sent in a listener of the first', async () => {
  const all = await receivers(3);
  for (const { connection } of all) {
    connection.on('message', (data) => {
      for (const other of all) other.connection.send(String(data));
    });
  }
  const [first] = all;
  first!.peer.write(hex('8181 00000000 61 8181 00000000 62'));
  for (const { peer } of all) expect(await readBytes(peer, 6)).toEqual(hex('8101 61 8101 62'));
  const closed = once(first!.connection, 'close');
  first!.connection.terminate();
  await closed;
  await endAll(all.slice(1));
  first!.peer.destroy();
});

test('over streams in memory each receiver has bytes of its own, and may change them', async () => {
  const pairs = [1, 2, 3].map(() => memoryPair());
  const heard = pairs.map(
    ({ client }) =>
      new Promise<string>((resolve) => {
        client.on('message', (data: Buffer) => {
          resolve(data.toString());
          data.fill('0');
        });
      }),
  );
  for (const { server } of pairs) server.send('hello');
  expect(await Promise.all(heard)).toEqual(['hello', 'hello', 'hello']);
  for (const pair of pairs) await end(pair);
});
