// A whole message to many connections is compressed once for all that have the same agreement.
import { describe, expect, test } from 'vitest';
import { PerMessageDeflate, type SharedMessage, type TransformOptions } from '@framewire/permessage-deflate';
import { compress, decompress, inflateAll, view } from './transforming.ts';

const TEXT = 'the same to everybody; '.repeat(100);

const message = (data: string | Uint8Array): SharedMessage => ({ data, forms: new WeakMap() });

const alone = (options: TransformOptions = {}): PerMessageDeflate =>
  new PerMessageDeflate(view(15, false), 0, options);

describe('without context takeover', () => {
  test.each([
    ['text', TEXT],
    ['bytes', Buffer.from(TEXT)],
  ])(
    '%s is compressed once for all connections with the same agreement, in any turn',
    async (_what, data) => {
      const shared = message(data);
      const [one, two] = [alone({ threshold: 1 }), alone({ threshold: 2 })];
      const first = one.compressShared(shared)!;
      await new Promise(setImmediate);
      expect(two.compressShared(shared)).toBe(first);
      expect(await inflateAll([Buffer.from(first)])).toBe(TEXT);
      for (const each of [one, two]) {
        expect(each.statistics.sent).toMatchObject({
          messages: 1,
          bytes: TEXT.length,
          compressedBytes: first.length,
        });
      }
    },
  );

  test('connections with different agreements get different bytes', () => {
    const shared = message(TEXT);
    const made = [
      alone(),
      alone({ zlibDeflateOptions: { level: 9 } }),
      new PerMessageDeflate(view(10, false), 0),
    ].map((each) => each.compressShared(shared));
    expect(new Set(made).size).toBe(3);
  });

  test('a message is sent uncompressed if it is shorter than the connection’s threshold, or would not shrink', () => {
    const short = message(Buffer.alloc(500));
    expect(alone().compressShared(short)).toBeNull();
    expect(alone({ threshold: 500 }).compressShared(short)).toBeInstanceOf(Uint8Array);
    expect(alone().compressShared(message(''))).toBeNull();
    const noise = Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * i * 2654435761) >>> 11));
    const incompressible = message(noise);
    const [one, two] = [alone(), alone()];
    expect(one.compressShared(incompressible)).toBeNull();
    expect(two.compressShared(incompressible)).toBeNull();
    expect(one.statistics.sent).toMatchObject({ messages: 0, sentUncompressed: 1 });
    expect(alone({ leaveIncompressible: false }).compressShared(incompressible)).toBeInstanceOf(Uint8Array);
  });
});

test('a message that has to be compressed later is left to compress()', () => {
  expect(alone({ deflateOffThreadFrom: 1000 }).compressShared(message(TEXT))).toBeUndefined();
});

describe('with context takeover', () => {
  const remembering = (windowBits: 10 | 15 = 15): PerMessageDeflate =>
    new PerMessageDeflate(view(windowBits, true), 0);

  test.each([
    ['text', TEXT],
    ['bytes', Buffer.from(TEXT)],
  ])('%s is compressed once, and every connection remembers it', async (_what, data) => {
    const shared = message(data);
    const said = ['what one has said before; '.repeat(4), 'and the other something else; '.repeat(4)];
    const made: Uint8Array[] = [];
    for (const own of said) {
      const connection = remembering();
      const before = (await compress(connection, [own]))!;
      const form = connection.compressShared(shared)!;
      const again = (await compress(connection, [TEXT, own]))!;
      // Both refer back.
      expect(again.length).toBeLessThan(60);
      expect(await inflateAll([before, Buffer.from(form), again])).toBe(own + TEXT + TEXT + own);
      expect(connection.statistics.sent.messages).toBe(3);
      made.push(form);
      connection.close();
    }
    expect(made[0]).toBe(made[1]);
    // The same as without context takeover.
    expect(alone({ zlibDeflateOptions: { level: 5 } }).compressShared(shared)).toBe(made[0]);
  });

  test('connections with different windows get different bytes', () => {
    const shared = message(TEXT);
    const [wide, narrow] = [remembering(), remembering(10)];
    expect(wide.compressShared(shared)).not.toBe(narrow.compressShared(shared));
    wide.close();
    narrow.close();
  });

  test('a message that is sent uncompressed, or left to compress(), is not remembered', async () => {
    const connection = remembering();
    const noise = Buffer.from(Array.from({ length: 900 }, (_, i) => (i * i * 2654435761) >>> 11));
    expect(connection.compressShared(message(noise))).toBeNull();
    expect(connection.compressShared(message(Buffer.concat([noise, Buffer.alloc(100_000)])))).toBeUndefined();
    const receiver = remembering();
    const sent = Buffer.concat([noise, Buffer.alloc(300)]);
    expect((await decompress(receiver, (await compress(connection, [sent]))!)).equals(sent)).toBe(true);
    connection.close();
    receiver.close();
  });

  test('a dictionary applies before the first message, not to every message', async () => {
    const dictionary = Buffer.from(TEXT);
    const connection = new PerMessageDeflate(view(15, true), 0, { zlibDeflateOptions: { dictionary } });
    expect(await inflateAll([Buffer.from(connection.compressShared(message(TEXT))!)])).toBe(TEXT);
    connection.close();
  });
});
