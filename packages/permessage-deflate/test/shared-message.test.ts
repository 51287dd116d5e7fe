// A whole message that goes to many connections, compressed once for all that agreed on the same.
import { describe, expect, test } from 'vitest';
import { PerMessageDeflate, type SharedMessage, type TransformOptions } from '@framewire/permessage-deflate';
import { inflateAll, view } from './transforming.ts';

const TEXT = 'the same to everybody; '.repeat(100);

const message = (data: string | Uint8Array): SharedMessage => ({ data, forms: new WeakMap() });

const alone = (options: TransformOptions = {}): PerMessageDeflate =>
  new PerMessageDeflate(view(15, false), 0, options);

describe('without context takeover', () => {
  test.each([
    ['text', TEXT],
    ['bytes', Buffer.from(TEXT)],
  ])(
    '%s is compressed once for all connections that agreed on the same, in any turn',
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

  test('connections that agreed on something else get bytes of their own', () => {
    const shared = message(TEXT);
    const made = [
      alone(),
      alone({ zlibDeflateOptions: { level: 9 } }),
      new PerMessageDeflate(view(10, false), 0),
    ].map((each) => each.compressShared(shared));
    expect(new Set(made).size).toBe(3);
  });

  test('a message is left as it is where it is shorter than the threshold of a connection, or would not shrink', () => {
    const short = message(Buffer.alloc(500));
    expect(alone().compressShared(short)).toBeNull();
    expect(alone({ threshold: 500 }).compressShared(short)).toBeInstanceOf(Uint8Array);
    expect(alone().compressShared(message(''))).toBeNull();
    const noise = Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * i * 2654435761) >>> 11));
    const incompressible = message(noise);
    const [one, two] = [alone(), alone()];
    expect(one.compressShared(incompressible)).toBeNull();
    expect(two.compressShared(incompressible)).toBeNull();
    expect(one.statistics.sent).toMatchObject({ messages: 0, leftAsTheyAre: 1 });
    expect(alone({ leaveIncompressible: false }).compressShared(incompressible)).toBeInstanceOf(Uint8Array);
  });
});

test('a message that compress() compresses later is left to it', () => {
  expect(alone({ deflateOffThreadFrom: 1000 }).compressShared(message(TEXT))).toBeUndefined();
});
