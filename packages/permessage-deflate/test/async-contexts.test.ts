// Callbacks run in the async context of the call that they were passed to, even if another connection did the work.
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PerMessageDeflate, type TransformOptions } from '@framewire/permessage-deflate';
import { compress, view } from './transforming.ts';

const storage = new AsyncLocalStorage<number>();

/** More than the concurrency limit allows at a time. */
const COUNT = 25;

const cases: [how: string, options: TransformOptions, length: number][] = [
  ['synchronously, and in later turns', {}, 200_000],
  ['when there is a slot', { deflateOffThreadFrom: 0, inflateInTurnsFrom: 0 }, 20_000],
  ['when there is a slot, because they become long', {}, 1_000_000],
];

describe.each([
  ['with', true],
  ['without', false],
])('%s context takeover', (_how, takeover) => {
  test.each(cases)('messages are inflated %s', async (_where, options, length) => {
    const sender = new PerMessageDeflate(view(15, takeover), 0);
    const first = (await compress(sender, [Buffer.from('hello '.repeat(400))]))!;
    const message = (await compress(sender, [Buffer.alloc(length, 'what is said ')]))!;
    const told = await inEachContext(options, takeover, (each, done) => {
      each.decompress(first, () => {
        each.decompress(message, (error) => done(error));
      });
    });
    expect(told).toEqual(Array.from({ length: COUNT }, (_each, index) => index));
  });

  test.each([
    ['bytes', Buffer.alloc(50_000, 'what is said ')],
    ['text', 'what is said '.repeat(5000)],
    ['a short text', 'what is said '.repeat(200)],
  ])('%s is compressed', async (_what, data) => {
    for (const [, options] of cases) {
      const told = await inEachContext(options, takeover, (each, done) => {
        each.compress({ data, first: true, fin: true }, (error) => done(error));
      });
      expect(told).toEqual(Array.from({ length: COUNT }, (_each, index) => index));
    }
  });
});

/** The context that the callback of each connection runs in, in the order of the connections. */
async function inEachContext(
  options: TransformOptions,
  takeover: boolean,
  act: (each: PerMessageDeflate, done: (error: Error | null) => void) => void,
): Promise<(number | undefined)[]> {
  const all = Array.from({ length: COUNT }, () => new PerMessageDeflate(view(15, takeover), 0, options));
  onTestFinished(() => {
    for (const each of all) each.close();
  });
  return Promise.all(
    all.map(
      (each, index) =>
        new Promise<number | undefined>((resolve, reject) => {
          storage.run(index, () => {
            act(each, (error) => (error === null ? resolve(storage.getStore()) : reject(error)));
          });
        }),
    ),
  );
}
