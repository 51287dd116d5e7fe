// Which engines of zlib the transforms make, and which they use again. Of the sources alone: what was built shows no engines.
import { expect, onTestFinished, test, vi } from 'vitest';
import { DEFAULT_CONCURRENCY_LIMIT } from '../src/concurrency.ts';
import { PerMessageDeflate } from '../src/permessage-deflate.ts';
import { ZlibEngine } from '../src/zlib-engine.ts';
import { compress, decompress, view } from './transforming.ts';

test('engines of messages that go to the thread pool whole are no more than are at work there, and all are used again', async () => {
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  const made = [vi.spyOn(ZlibEngine, 'deflateEachAlone'), vi.spyOn(ZlibEngine, 'inflate')];
  // A level of its own, so that nobody else's engines are at hand.
  const options = { zlibDeflateOptions: { level: 7 }, inflateOffThreadFrom: 0 };
  const connections = Array.from(
    { length: 3 * DEFAULT_CONCURRENCY_LIMIT },
    () => new PerMessageDeflate(view(15, false), 0, options),
  );
  const long = Buffer.from('long enough for the thread pool '.repeat(3000));
  for (let round = 0; round < 2; round++) {
    const compressed = await Promise.all(connections.map((each) => compress(each, [long])));
    const inflated = await Promise.all(connections.map((each, k) => decompress(each, compressed[k]!)));
    expect(inflated.every((each) => each.equals(long))).toBe(true);
  }
  expect(made[0]!.mock.calls).toHaveLength(DEFAULT_CONCURRENCY_LIMIT);
  expect(made[1]!.mock.calls.length).toBeLessThanOrEqual(DEFAULT_CONCURRENCY_LIMIT);
});

test('a compressor that has failed is not used again', async () => {
  const sender = new PerMessageDeflate(view(15, false), 0);
  const run = vi.spyOn(ZlibEngine.prototype, 'run').mockImplementationOnce(() => {
    throw new Error('no memory');
  });
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  await expect(compress(sender, [Buffer.alloc(2000)])).rejects.toThrow('no memory');
  expect(await compress(sender, [Buffer.alloc(2000)])).toBeDefined();
  expect(run.mock.contexts[1]).not.toBe(run.mock.contexts[0]);
});
