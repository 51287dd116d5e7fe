// The windows of streams: how they grow, which bytes stay out of them, and which are added without compression.
import { Deflater, Inflater, deflate, type StreamOptions } from '@framewire/deflate';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { engine } from '../src/engine.ts';
import { noise, random, records, trades, zeros } from './support/samples.ts';
import { restored } from './support/zlib.ts';

const open: { close(): void }[] = [];

function opened<Context extends { close(): void }>(context: Context): Context {
  open.push(context);
  return context;
}

afterEach(() => {
  vi.restoreAllMocks();
  for (const each of open.splice(0)) each.close();
});

/** How many bytes of engine memory `act` takes and does not return. */
function held(act: () => void): number {
  const { blocks } = engine();
  const taken = vi.spyOn(blocks, 'take');
  const released = vi.spyOn(blocks, 'release');
  act();
  const sum = (sizes: number[]): number => sizes.reduce((total, size) => total + size, 0);
  const bytes =
    sum(taken.mock.calls.map(([size]) => size)) - sum(released.mock.calls.map(([, size]) => size));
  vi.restoreAllMocks();
  return bytes;
}

describe('a window', () => {
  test.each([
    [15, 78 * 1024],
    [12, 15 * 1024],
    [8, 3 * 1024],
  ])('of %i bits uses no more memory than it needs, and grows with its contents', (windowBits, most) => {
    const message = records(500);
    const whole = records(200_000);
    const both: { deflater: Deflater; inflater: Inflater }[] = [];
    const small = held(() => {
      both.push({
        deflater: opened(new Deflater({ windowBits })),
        inflater: opened(new Inflater({ windowBits })),
      });
      const [{ deflater, inflater }] = both as [(typeof both)[0]];
      inflater.inflate(deflater.deflate(message, 'sync'));
    });
    expect(small).toBeLessThan(7 * 1024);
    const [{ deflater, inflater }] = both as [(typeof both)[0]];
    const grown = held(() => {
      for (let at = 0; at < whole.length; at += 700) {
        const chunk = whole.subarray(at, at + 700);
        const { data } = inflater.inflate(deflater.deflate(chunk, 'sync'));
        expect(Buffer.compare(data, chunk)).toBe(0);
      }
    });
    expect(small + grown).toBeLessThanOrEqual(most);
  });

  test('holds the same bytes after it has grown as a full-sized window, even if it grows within a chunk', () => {
    for (const windowBits of [8, 9, 12, 15]) {
      const options: StreamOptions = { windowBits };
      const deflater = opened(new Deflater(options));
      const far = noise(2 ** windowBits - 300);
      const parts = [far.subarray(0, 100), far.subarray(100), far.subarray(0, 250)];
      const made = parts.map((part) => deflater.deflate(part));
      made.push(deflater.deflate(new Uint8Array(0), 'sync'));
      const stream = Buffer.concat(made);
      expect(restored(stream).equals(Buffer.concat(parts))).toBe(true);
      // With as many hashes as positions, the last chunk is found at the other end of the window.
      if (windowBits === 9) expect(made[2]!.length + made[3]!.length).toBeLessThan(100);
      const inflater = opened(new Inflater(options));
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += 90)
        chunks.push(inflater.inflate(stream.subarray(at, at + 90)).data);
      expect(Buffer.concat(chunks).equals(Buffer.concat(parts))).toBe(true);
    }
  });

  test('of a short stream rejects nothing that the full window allows', () => {
    const inflater = opened(new Inflater());
    const said = noise(20_000);
    const far = deflate(said.subarray(0, 300), { dictionary: said, flush: 'sync' });
    for (let at = 0; at < said.length; at += 400) {
      inflater.inflate(deflate(said.subarray(at, at + 400), { flush: 'sync' }));
    }
    expect(Buffer.compare(inflater.inflate(far).data, said.subarray(0, 300))).toBe(0);
  });
});

describe('deflateWithin', () => {
  test('produces what deflate produces if it is short enough', () => {
    const [one, other] = [opened(new Deflater()), opened(new Deflater())];
    for (let round = 0; round < 5; round++) {
      const made = one.deflateWithin(records(3000), 3000)!;
      expect(Buffer.compare(made, other.deflate(records(3000), 'sync'))).toBe(0);
    }
  });

  test('otherwise leaves the stream unchanged', () => {
    const deflater = opened(new Deflater());
    const said = records(2000);
    const made = [deflater.deflate(said, 'sync')];
    const secret = noise(1000);
    expect(deflater.deflateWithin(secret, secret.length)).toBeUndefined();
    // Later messages cannot refer to bytes that the receiver has not seen, but still refer to earlier messages.
    made.push(deflater.deflate(secret, 'sync'), deflater.deflate(said, 'sync'));
    expect(made[1]!.length).toBeGreaterThan(secret.length);
    expect(made[2]!.length).toBeLessThan(50);
    expect(restored(Buffer.concat(made)).equals(Buffer.concat([said, secret, said]))).toBe(true);
  });

  test('rejects more data than the engine accepts in one call', () => {
    expect(() => opened(new Deflater()).deflateWithin(zeros(65_537), 100)).toThrow(RangeError);
  });
});

describe('remember', () => {
  test('lets later chunks refer to bytes that were compressed separately', () => {
    const deflater = opened(new Deflater());
    const said = noise(900);
    const made = [deflater.deflate(records(700), 'sync'), deflate(said, { flush: 'sync' })];
    deflater.remember(said);
    made.push(deflater.deflate(said, 'sync'));
    expect(made[2]!.length).toBeLessThan(50);
    expect(restored(Buffer.concat(made)).equals(Buffer.concat([records(700), said, said]))).toBe(true);
  });

  test('keeps the last bytes of data that exceeds the window', () => {
    const deflater = opened(new Deflater({ windowBits: 10 }));
    const said = noise(70_000);
    deflater.remember(said);
    expect(Buffer.compare(deflater.history(), said.subarray(-1024))).toBe(0);
  });
});

test('history returns the last bytes of the window', () => {
  const deflater = opened(new Deflater({ dictionary: Buffer.from('what was said ') }));
  expect(String(Buffer.from(deflater.history()))).toBe('what was said ');
  deflater.deflate(Buffer.from('before'), 'sync');
  expect(String(Buffer.from(deflater.history()))).toBe('what was said before');
  expect(String(Buffer.from(deflater.history(4)))).toBe('fore');
  deflater.reset();
  expect(String(Buffer.from(deflater.history()))).toBe('what was said ');
  deflater.close();
  expect(() => deflater.history()).toThrow(expect.objectContaining({ code: 'ERR_DEFLATE_CLOSED' }) as Error);
});

test('the receiver restores every message, even if others were left out, or compressed elsewhere and remembered', () => {
  const next = random(11);
  for (let round = 0; round < 60; round++) {
    const windowBits = 8 + Math.floor(next() * 8);
    const deflater = opened(new Deflater({ windowBits, level: 1 + Math.floor(next() * 9) }));
    const inflater = opened(new Inflater({ windowBits }));
    const stream: Uint8Array[] = [];
    const sent: Uint8Array[] = [];
    for (let count = 0; count < 30; count++) {
      const kind = [records, trades, noise, zeros][Math.floor(next() * 4)]!;
      const data = kind(Math.floor(next() * (next() < 0.1 ? 60_000 : 3000)));
      const way = next();
      let made: Uint8Array | undefined;
      if (way < 0.4) made = deflater.deflate(data, 'sync');
      else if (way < 0.7) made = deflater.deflateWithin(data, data.length >> 1);
      else {
        made = deflate(data, { flush: 'sync', windowBits });
        deflater.remember(data);
      }
      if (made === undefined) continue;
      expect(Buffer.compare(inflater.inflate(made).data, data)).toBe(0);
      stream.push(made);
      sent.push(data);
    }
    expect(restored(Buffer.concat(stream)).equals(Buffer.concat(sent))).toBe(true);
    deflater.close();
    inflater.close();
  }
});

/** The built package has an engine of its own, which no mock reaches. */
const isBuilt = process.env['FRAMEWIRE_BUILT'] === '1';

if (!isBuilt)
  describe('a stream that cannot grow for lack of memory', () => {
    function withoutMemory(act: () => void): void {
      const { blocks } = engine();
      vi.spyOn(blocks, 'take').mockImplementation(() => {
        throw new Error('no memory');
      });
      expect(act).toThrow('no memory');
      vi.restoreAllMocks();
    }

    test('continues when it compresses', () => {
      const deflater = opened(new Deflater());
      const made = [deflater.deflate(records(500), 'sync')];
      withoutMemory(() => deflater.deflate(records(5000), 'sync'));
      made.push(deflater.deflate(records(5000), 'sync'));
      expect(restored(Buffer.concat(made)).equals(Buffer.concat([records(500), records(5000)]))).toBe(true);
    });

    test('is closed when it inflates, because the input that it read is lost', () => {
      const inflater = opened(new Inflater());
      const stream = deflate(records(5000), { flush: 'sync' });
      withoutMemory(() => inflater.inflate(stream));
      expect(() => inflater.inflate(stream)).toThrow(
        expect.objectContaining({ code: 'ERR_DEFLATE_CLOSED' }) as Error,
      );
    });

    test('is not created, and holds nothing', () => {
      const { blocks } = engine();
      const bytes = held(() => {
        const { take } = blocks;
        let count = 0;
        const failing = vi.spyOn(blocks, 'take').mockImplementation((size) => {
          if (++count === 2) throw new Error('no memory');
          return take.call(blocks, size);
        });
        expect(() => new Inflater()).toThrow('no memory');
        failing.mockRestore();
      });
      expect(bytes).toBeLessThanOrEqual(0);
    });
  });
