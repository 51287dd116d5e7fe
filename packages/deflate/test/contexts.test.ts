// Many contexts in one memory: none sees the bytes of another, and the memory of a closed context is reused.
import { Deflater, Inflater, deflate, inflate } from '@framewire/deflate';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { BlockPool } from '../src/block-pool.ts';
import { ContextMemory } from '../src/context-memory.ts';
import { Engine } from '../src/engine.ts';
import { MODULE } from '../src/generated/module.ts';
import { block } from './support/bits.ts';
import { noise, random, records, trades, zeros } from './support/samples.ts';
import { flushed, restored } from './support/zlib.ts';

const open: { close(): void }[] = [];

function opened<Context extends { close(): void }>(context: Context): Context {
  open.push(context);
  return context;
}

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

const MARKER = Buffer.alloc(65_536, 'secret! ');

describe('contexts', () => {
  test('do not disturb each other when they take turns, even within blocks', () => {
    const next = random(3);
    const streams = Array.from({ length: 40 }, (_, index) => {
      const data =
        index % 3 === 0 ? noise(30_000, index + 1) : index % 3 === 1 ? records(30_000) : trades(30_000);
      const windowBits = 9 + (index % 7);
      return {
        data,
        at: 0,
        windowBits,
        deflater: opened(new Deflater({ windowBits, level: 1 + (index % 9) })),
        inflater: opened(new Inflater({ windowBits })),
        packed: flushed(data, { windowBits }),
        read: 0,
        restorer: opened(new Inflater({ windowBits })),
        made: [] as Uint8Array[],
      };
    });
    for (let round = 0; round < 400; round++) {
      const each = streams[Math.floor(next() * streams.length)]!;
      const message = each.data.subarray(each.at, each.at + Math.floor(next() * 2000));
      each.at += message.length;
      const compressed = each.deflater.deflate(message, 'sync');
      expect(Buffer.compare(each.inflater.inflate(compressed).data, message)).toBe(0);
      // A stream of zlib, cut anywhere.
      const { data, consumed } = each.restorer.inflate(
        each.packed.subarray(each.read, each.read + Math.floor(next() * 700)),
        Math.floor(next() * 3000),
      );
      each.read += consumed;
      each.made.push(data);
    }
    for (const { packed, read, restorer, made, data } of streams) {
      made.push(restorer.inflate(packed.subarray(read)).data);
      expect(Buffer.compare(Buffer.concat(made), data)).toBe(0);
    }
  });

  test('cannot refer back to what another context left in the same memory', () => {
    // Fill the memory that a later context will get, and the shared areas.
    const earlier = Array.from({ length: 20 }, () => opened(new Inflater()));
    const compressed = deflate(MARKER);
    for (const each of earlier) expect(each.inflate(compressed).data).toHaveLength(MARKER.length);
    for (const each of earlier) each.close();
    for (let count = 0; count < 20; count++) {
      const later = opened(new Inflater());
      // A literal, then a match that begins before it.
      const stream = block(false, 1).code('00110000').code('0000001').code('00001').bytes();
      expect(() => later.inflate(stream)).toThrow(/before the window/);
      later.reset();
      expect(() => later.inflate(stream)).toThrow(/before the window/);
    }
    expect(() => inflate(block(false, 1).code('0000001').code('00000').bytes())).toThrow(/before the window/);
  });

  test('produce the same output in reused memory as in new memory', () => {
    const data = Buffer.concat([MARKER.subarray(0, 1000), records(3000)]);
    const first = opened(new Deflater());
    const expected = [first.deflate(data, 'sync'), first.deflate(data, 'sync')];
    first.deflate(MARKER, 'sync');
    first.close();
    for (let round = 0; round < 5; round++) {
      const next = opened(new Deflater());
      expect(Buffer.compare(next.deflate(data, 'sync'), expected[0]!)).toBe(0);
      expect(Buffer.compare(next.deflate(data, 'sync'), expected[1]!)).toBe(0);
      next.deflate(MARKER, 'sync');
      next.close();
    }
  });

  test('return only what they produced, in buffers of that length', () => {
    deflate(MARKER);
    const output = deflate(zeros(5), { flush: 'sync' });
    expect(output.buffer.byteLength).toBe(output.length);
    expect(Buffer.from(output.buffer).includes('secret')).toBe(false);
    const { data } = inflate(output);
    expect(data.buffer.byteLength).toBe(5);
  });

  test('keep their state when the memory grows', () => {
    const deflater = opened(new Deflater());
    const inflater = opened(new Inflater());
    const data = records(20_000);
    const before = deflater.deflate(data.subarray(0, 10_000), 'sync');
    const part = before.subarray(0, 200);
    const made = [inflater.inflate(part).data];
    for (let count = 0; count < 100; count++) opened(new Deflater());
    made.push(inflater.inflate(before.subarray(200)).data);
    made.push(inflater.inflate(deflater.deflate(data.subarray(10_000), 'sync')).data);
    expect(Buffer.compare(Buffer.concat(made), data)).toBe(0);
  });

  test('work with a window of 8 bits, which zlib does not support', () => {
    const deflater = opened(new Deflater({ windowBits: 8 }));
    const inflater = opened(new Inflater({ windowBits: 8 }));
    for (let round = 0; round < 20; round++) {
      const data = records(50 + round * 60);
      const stream = deflater.deflate(data, 'sync');
      expect(Buffer.compare(inflater.inflate(stream).data, data)).toBe(0);
    }
    expect(restored(deflate(records(3000), { windowBits: 8 }))).toEqual(records(3000));
  });
});

describe('the pool of memory', () => {
  /** A pool whose memory only counts its bytes, from an address on. */
  function pool(first = 0) {
    const memory = { bytes: 0 };
    const blocks = new BlockPool((bytes) => {
      const start = first + memory.bytes;
      memory.bytes += bytes;
      return start;
    });
    return { memory, blocks };
  }

  test('gives each byte to one owner at a time', () => {
    const { blocks } = pool();
    const next = random(5);
    const taken: { from: number; size: number }[] = [];
    for (let round = 0; round < 3000; round++) {
      if (taken.length > 100 || (taken.length > 0 && next() < 0.4)) {
        const [{ from, size }] = taken.splice(Math.floor(next() * taken.length), 1) as [
          { from: number; size: number },
        ];
        blocks.release(from, size);
        continue;
      }
      const size = [64, 512, 1024, 4096, 8192, 32_768][Math.floor(next() * 6)]!;
      const from = blocks.take(size);
      const shared = taken.find((other) => from < other.from + other.size && other.from < from + size);
      expect(shared).toBeUndefined();
      taken.push({ from, size });
    }
  });

  test.each([0, 2 ** 31])('reuses returned memory for any later sizes, from address %i on', (first) => {
    const { memory, blocks } = pool(first);
    const round = (size: number, count: number): void => {
      const taken = Array.from({ length: count }, () => blocks.take(size));
      for (const address of taken) blocks.release(address, size);
    };
    round(32_768, 500);
    const { bytes } = memory;
    round(512, 30_000);
    round(8192, 2000);
    round(32_768, 500);
    expect(memory.bytes).toBe(bytes);
  });

  test('keeps no part of a context when the memory cannot grow', () => {
    const { memory, blocks } = pool();
    const small = blocks.take(64);
    vi.spyOn(blocks, 'take')
      .mockReturnValueOnce(small)
      .mockImplementationOnce(() => {
        throw new Error('no memory');
      });
    expect(() => new ContextMemory(blocks, [64, 32_768])).toThrow('no memory');
    vi.restoreAllMocks();
    const { bytes } = memory;
    for (let at = 0; at < bytes; at += 65_536) blocks.take(65_536);
    expect(memory.bytes).toBe(bytes);
  });
});

describe('an engine whose memory cannot grow', () => {
  test('throws, and continues with the memory that it has', () => {
    const engine = new Engine(MODULE);
    const grow = vi.spyOn(engine.exports.memory, 'grow').mockImplementation(() => {
      throw new RangeError('no memory');
    });
    expect(() => engine.blocks.take(64)).toThrow(
      expect.objectContaining({ code: 'ERR_DEFLATE_OUT_OF_MEMORY' }) as Error,
    );
    grow.mockRestore();
    expect(engine.blocks.take(64)).toBeGreaterThan(0);
    engine.give(new Uint8Array(3));
  });
});
