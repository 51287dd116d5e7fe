// Long messages: compressed in slices over several turns of the event loop, or by zlib if the options require it.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:zlib';
import { Deflater as Stream } from '@framewire/deflate';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { DeflateJob } from '../src/deflate-job.ts';
import { kernel } from '../src/kernels/node.ts';
import { PerMessageDeflate } from '../src/permessage-deflate.ts';
import type { TransformOptions } from '../src/transform-options.ts';
import { compress, decompress, inflateAll, view } from './transforming.ts';

const MiB = 1024 * 1024;
/** The built package has a kernel of its own, which no mock reaches. */
const isBuilt = process.env['FRAMEWIRE_BUILT'] === '1';

function json(length: number): Buffer {
  let text = '';
  for (let id = 0; text.length < length; id++)
    text += JSON.stringify({ id, name: `user ${(id * 7919) % 1009}` });
  return Buffer.from(text.slice(0, length));
}

/** How many bytes the engine compresses in each turn of the event loop while `act` runs. */
async function turnsOf(act: () => Promise<unknown>): Promise<number[]> {
  const turns: number[] = [];
  const deflate = vi.spyOn(Stream.prototype, 'deflate');
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  let seen = 0;
  let isOver = false;
  const nextTurn = (): void => {
    const calls = deflate.mock.calls.slice(seen);
    seen += calls.length;
    turns.push(calls.reduce((sum, [data]) => sum + data.length, 0));
    if (!isOver) setImmediate(nextTurn);
  };
  setImmediate(nextTurn);
  await act();
  isOver = true;
  nextTurn();
  return turns;
}

describe.each([
  ['without', false],
  ['with', true],
])('%s context takeover', (_how, takeover) => {
  const connection = (options: TransformOptions = {}): PerMessageDeflate => {
    const made = new PerMessageDeflate(view(15, takeover), 0, options);
    onTestFinished(() => {
      made.close();
    });
    return made;
  };

  test.each(['bytes', 'text'])(
    'a long message of %s arrives, with other messages between its slices',
    async (what) => {
      const [sender, receiver, other] = [connection(), connection(), connection()];
      for (const length of [65_536, 65_537, 3 * MiB + 5]) {
        const message = json(length);
        const order: string[] = [];
        const long = compress(sender, [what === 'text' ? String(message) : message]).then((made) => {
          order.push('long');
          return made!;
        });
        await new Promise(setImmediate);
        expect((await compress(other, [Buffer.alloc(2000)]))!.length).toBeLessThan(50);
        order.push('short');
        const made = await long;
        if (length > MiB) expect(order).toEqual(['short', 'long']);
        expect((await decompress(receiver, made)).equals(message)).toBe(true);
      }
    },
  );

  test('one turn of the event loop compresses only a few slices, over all connections', async () => {
    const all = Array.from({ length: 4 }, () => connection({ zlibDeflateOptions: { level: 6 } }));
    // Longer than one slice, so that it is not compressed as a whole.
    const message = json(MiB);
    await Promise.all(all.map((each) => compress(each, [Buffer.alloc(40_000)])));
    const turns = await turnsOf(() => Promise.all(all.map((each) => compress(each, [message]))));
    expect(turns.reduce((sum, bytes) => sum + bytes)).toBe(4 * MiB);
    expect(Math.max(...turns)).toBeLessThan(MiB);
  });

  test('when a connection closes in between, its callback is not called and its context is returned', async () => {
    const open = new Set<unknown>();
    const deflate = vi.spyOn(Stream.prototype, 'deflate');
    const close = vi.spyOn(Stream.prototype, 'close');
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const [closing, other] = [connection(), connection()];
    const told = vi.fn();
    closing.compress({ data: json(4 * MiB), first: true, fin: true }, told);
    closing.close();
    expect(await compress(other, [json(2 * MiB)])).toBeDefined();
    other.close();
    for (const context of deflate.mock.contexts) open.add(context);
    for (const context of close.mock.contexts) open.delete(context);
    expect(open.size).toBe(0);
    expect(told).not.toHaveBeenCalled();
  });

  test('a connection that closes is not called back for a text that another one also sends', async () => {
    const [closing, other] = [connection(), connection()];
    const text = String(json(2 * MiB));
    const told = vi.fn();
    closing.compress({ data: text, first: true, fin: true }, told);
    const made = compress(other, [text]);
    closing.close();
    expect(await made).toBeDefined();
    expect(told).not.toHaveBeenCalled();
  });

  test('the output of a message that is sent uncompressed is not copied into one buffer', async () => {
    const joined = vi.spyOn(DeflateJob.prototype, 'joined');
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    expect(await compress(connection(), [randomBytes(100_000)])).toBeUndefined();
    expect(joined).not.toHaveBeenCalled();
  });

  test('an error of the engine is reported for the message, synchronously or later', async () => {
    for (const failing of [0, 30]) {
      const sender = connection();
      const { deflate } = Stream.prototype;
      let calls = 0;
      vi.spyOn(Stream.prototype, 'deflate').mockImplementation(function (this: Stream, ...args) {
        if (calls++ === failing) throw new Error('no memory');
        return deflate.apply(this, args);
      });
      await expect(compress(sender, [json(4 * MiB)])).rejects.toThrow('no memory');
      vi.restoreAllMocks();
      expect(await compress(sender, [json(2000)])).toBeDefined();
    }
  });

  if (!isBuilt) {
    test('a lack of memory for a copy is reported for the message', async () => {
      vi.spyOn(kernel, 'copy').mockImplementationOnce(() => {
        throw new RangeError('no memory');
      });
      onTestFinished(() => {
        vi.restoreAllMocks();
      });
      const sender = connection();
      await expect(compress(sender, [json(4 * MiB)])).rejects.toThrow('no memory');
      const next = json(2000);
      expect(await inflateAll([(await compress(sender, [next]))!])).toBe(next.toString());
    });

    test('a strategy selects zlib, on the thread pool for long messages', async () => {
      const { zlib } = kernel;
      const synchronous = vi.spyOn(zlib!, 'deflate');
      const later = vi.spyOn(zlib!, 'deflateLater');
      onTestFinished(() => {
        vi.restoreAllMocks();
      });
      const strategy = constants.Z_HUFFMAN_ONLY;
      const sender = connection({ zlibDeflateOptions: { strategy, level: 9, memLevel: 3 } });
      const texts = [String(json(2000)), String(json(100_000)), String(json(2000))];
      const made: Buffer[] = [];
      for (const text of texts) made.push((await compress(sender, [Buffer.from(text)]))!);
      expect(synchronous).toHaveBeenCalledTimes(2);
      expect(later).toHaveBeenCalledTimes(1);
      expect(later.mock.calls[0]![1]).toMatchObject({ strategy, level: 9, memLevel: 3, windowBits: 15 });
      if (takeover) expect(await inflateAll(made)).toBe(texts.join(''));
      else for (const [index, each] of made.entries()) expect(await inflateAll([each])).toBe(texts[index]);
    });

    test('the default strategy, memLevel and chunkSize do not select zlib', async () => {
      const { zlib } = kernel;
      const spies = [vi.spyOn(zlib!, 'deflate'), vi.spyOn(zlib!, 'deflateLater')];
      onTestFinished(() => {
        vi.restoreAllMocks();
      });
      const zlibDeflateOptions = {
        strategy: constants.Z_DEFAULT_STRATEGY,
        level: -1,
        memLevel: 7,
        chunkSize: 1024,
      };
      const sender = connection({ zlibDeflateOptions });
      expect(await compress(sender, [json(200_000)])).toBeDefined();
      for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    });
  }
});
