// Which engines of zlib the transforms make, and which they use again. Of the sources alone: what was built shows no engines.
import { constants, deflateRawSync } from 'node:zlib';
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

test('an engine that is paused gives all that it has made when it is done, and works again', async () => {
  const engine = ZlibEngine.inflate({ windowBits: 15, chunkSize: 65_536 });
  onTestFinished(() => {
    engine.close();
  });
  const last = 17;
  const message = Buffer.alloc(3 * 65_536 + last, 'what is said ');
  const input = deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH });
  for (let round = 0; round < 2; round++) {
    const chunks: Buffer[] = [];
    let length = 0;
    await new Promise<void>((resolve, reject) => {
      engine.runLater(
        input,
        (chunk) => {
          chunks.push(chunk);
          length += chunk.length;
          // Nobody resumes it: the last few bytes lie ready when zlib is done.
          if (length === message.length - last) engine.pause();
          return true;
        },
        (error) => (error === null ? resolve() : reject(error)),
      );
    });
    expect(Buffer.concat(chunks).equals(message)).toBe(true);
    engine.forget();
  }
});
