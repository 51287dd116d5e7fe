// The frame decoder and chunks: waiting, views and copies, memory, and the limit on their number.
import { describe, expect, test } from 'vitest';
import type { Frame, FrameDecoder } from '@framewire/codec';
import { codecOn, codecs } from './support/codecs.ts';
import { isCollected } from './support/garbage.ts';
import { concat, hex, someBytes, toHex } from './support/hex.ts';
import { byteByByte, read } from './support/reading.ts';
import { frame, received, roles } from './support/wire.ts';

function drain(decoder: FrameDecoder): Frame[] {
  const frames: Frame[] = [];
  for (let next; (next = decoder.next());) frames.push(next);
  return frames;
}

/** Missing from the types of the compiler's library. */
const { Memory } = (
  globalThis as unknown as {
    WebAssembly: {
      Memory: new (pages: { initial: number }) => { buffer: ArrayBuffer; grow(pages: number): void };
    };
  }
).WebAssembly;

/** A copy of bytes in WebAssembly memory. A decoder never pins it, because growing pinned memory crashes Node 24 and later. */
function detachable(content: Uint8Array): { bytes: Uint8Array; detach: () => void } {
  const memory = new Memory({ initial: 1 });
  const bytes = new Uint8Array(memory.buffer, 0, content.length);
  bytes.set(content);
  return { bytes, detach: () => memory.grow(1) };
}

function transfer(memory: ArrayBufferLike): ArrayBuffer {
  return structuredClone(memory as ArrayBuffer, { transfer: [memory as ArrayBuffer] });
}

describe.each(codecs)('the frame decoder and its chunks ($name)', ({ codec }) => {
  describe.each(roles)('as a %s', (role) => {
    test('returns undefined, and never throws, when it needs more bytes', () => {
      const decoder = new codec.FrameDecoder({ role });
      expect(decoder.next()).toBeUndefined();
      for (const byte of byteByByte(received(role, '8203 aabbcc')).slice(0, -1)) {
        decoder.push(byte.slice());
        expect(decoder.next()).toBeUndefined();
      }
      decoder.push(received(role, '8203 aabbcc').slice(-1));
      expect(toHex(decoder.next()!.payload)).toBe('aabbcc');
      expect(decoder.next()).toBeUndefined();
    });

    test('ignores empty chunks', () => {
      const wire = received(role, '8203 aabbcc', '8201 dd');
      const chunks = byteByByte(wire).flatMap((byte) => [hex(''), byte, hex('')]);
      expect(read(codec, { role }, chunks).frames.map(({ payload }) => payload)).toEqual(['aabbcc', 'dd']);
    });

    test('keeps chunks that were pushed before `next` was called, in order', () => {
      const decoder = new codec.FrameDecoder({ role });
      const wire = received(role, ...Array.from({ length: 50 }, (_, i) => Uint8Array.of(0x82, 2, i, i)));
      for (const byte of byteByByte(wire)) decoder.push(byte.slice());
      expect(drain(decoder).map(({ payload }) => payload[1])).toEqual(
        Array.from({ length: 50 }, (_, i) => i),
      );
    });

    test('reads chunks in order when they are pushed between two frames', () => {
      const decoder = new codec.FrameDecoder({ role });
      const chunks = Array.from({ length: 40 }, (_, i) => received(role, Uint8Array.of(0x82, 1, i)));
      decoder.push(chunks[0]!);
      decoder.push(chunks[1]!);
      const read: number[] = [];
      // Two chunks for each frame at first, then none: the queue grows and shrinks.
      for (let i = 0, pushed = 2; i < chunks.length; i++) {
        read.push(decoder.next()!.payload[0]!);
        for (let more = 0; more < 2 && pushed < chunks.length; more++) decoder.push(chunks[pushed++]!);
      }
      expect(read).toEqual(Array.from({ length: 40 }, (_, i) => i));
      expect(decoder.next()).toBeUndefined();
    });

    test('returns a frame that one chunk contains as a view of the chunk', () => {
      const payload = someBytes(2000);
      const chunk = received(role, '8900', frame('82', payload), '8201 aa');
      const decoder = new codec.FrameDecoder({ role });
      decoder.push(chunk);
      for (const { payload } of drain(decoder)) expect(payload.buffer).toBe(chunk.buffer);
      const [, whole] = drainAfresh();
      expect(toHex(whole!.payload)).toBe(toHex(payload));

      function drainAfresh(): Frame[] {
        decoder.push(received(role, '8900', frame('82', payload), '8201 aa'));
        return drain(decoder);
      }
    });

    test('returns a view of the same memory if the chunk is itself a view', () => {
      const wire = received(role, '8203 aabbcc');
      const memory = concat(hex('01020304050607'), wire, hex('0809'));
      const decoder = new codec.FrameDecoder({ role });
      decoder.push(memory.subarray(7, 7 + wire.length));
      const { payload } = decoder.next()!;
      expect(payload.buffer).toBe(memory.buffer);
      expect(payload.byteOffset).toBe(7 + wire.length - 3);
      expect(toHex(payload)).toBe('aabbcc');
    });

    test('returns a view if only the header arrived in several chunks', () => {
      const wire = received(role, '8203 aabbcc');
      const decoder = new codec.FrameDecoder({ role });
      decoder.push(wire.slice(0, 1));
      expect(decoder.next()).toBeUndefined();
      const rest = wire.slice(1);
      decoder.push(rest);
      expect(decoder.next()!.payload.buffer).toBe(rest.buffer);
    });

    test('copies a frame that arrives in several chunks, and leaves the chunks unchanged', () => {
      const payload = someBytes(500);
      const wire = received(role, frame('82', payload));
      const halves = [wire.slice(0, 222), wire.slice(222)];
      const decoder = new codec.FrameDecoder({ role });
      const frames = halves.flatMap((half) => {
        decoder.push(half);
        return drain(decoder);
      });
      expect(toHex(frames[0]!.payload)).toBe(toHex(payload));
      for (const half of halves) expect(frames[0]!.payload.buffer).not.toBe(half.buffer);
      expect(toHex(concat(...halves))).toBe(toHex(wire));
    });

    test('allows the transfer of a frame that is alone in its chunk, and continues', () => {
      const decoder = new codec.FrameDecoder({ role });
      for (const payload of ['aabbcc', 'ddeeff']) {
        decoder.push(received(role, `8203 ${payload}`));
        const frame = decoder.next()!.payload;
        const { buffer, byteOffset, length } = frame;
        expect(toHex(new Uint8Array(transfer(buffer), byteOffset, length))).toBe(payload);
        expect(frame).toHaveLength(0);
        expect(decoder.next()).toBeUndefined();
      }
    });

    test.each(['8203 ddeeff', '82', '8203', '8203 dd'])(
      'throws when a chunk is detached after its first frame is read, while %s is unread',
      (unread) => {
        const second = received(role, '8203 ddeeff');
        const wire = concat(received(role, '8203 aabbcc'), second.subarray(0, hex(unread).length));
        const { bytes, detach } = detachable(wire);
        const decoder = new codec.FrameDecoder({ role });
        decoder.push(bytes);
        expect(toHex(decoder.next()!.payload)).toBe('aabbcc');
        detach();
        const next = () => decoder.next();
        expect(next).toThrow(TypeError);
        expect(next).toThrow(expect.objectContaining({ closeCode: 1011 }));
        decoder.push(received(role, '8203 aabbcc'));
        expect(next).toThrow('The memory of a chunk was detached while frames in it were unread');
      },
    );

    test('has the part of a frame that has arrived, unmasked, in `partial`', () => {
      const decoder = new codec.FrameDecoder({ role, allowRsv1: true });
      const wire = received(role, '4105 48656c6c6f');
      expect(decoder.partial).toBeUndefined();
      const shown: (string | undefined)[] = [];
      for (const byte of byteByByte(wire)) {
        decoder.push(byte.slice());
        const whole = decoder.next();
        const { partial } = decoder;
        shown.push(partial && toHex(partial.payload.bytes.subarray(0, partial.payload.length)));
        if (partial) expect(partial).toMatchObject({ fin: false, rsv1: true, opcode: 1, payloadLength: 5 });
        else expect(whole === undefined).toBe(shown.length < wire.length);
      }
      const header = new Array<undefined>(wire.length - 6).fill(undefined);
      expect(shown).toEqual([...header, '', '48', '4865', '48656c', '48656c6c', undefined]);
    });

    describe('for a frame of 1 GiB, holds', () => {
      test.each([0, 1, 100, 1024, 10_000, 100_000])(
        'a small multiple of the %i bytes that have arrived',
        (count) => {
          const decoder = new codec.FrameDecoder({ role });
          decoder.push(concat(received(role, '827f 0000000040000000'), someBytes(count)));
          expect(decoder.next()).toBeUndefined();
          const { partial } = decoder;
          expect(partial).toMatchObject({ payloadLength: 2 ** 30, payload: { length: count } });
          expect(partial!.payload.bytes.buffer.byteLength).toBeLessThanOrEqual(Math.max(1024, 4 * count));
        },
      );
    });

    test('never holds more than the length of the frame', () => {
      const decoder = new codec.FrameDecoder({ role });
      decoder.push(concat(received(role, '827e 012c'), someBytes(200)));
      expect(decoder.next()).toBeUndefined();
      expect(decoder.partial!.payload.bytes.buffer.byteLength).toBe(300);
    });

    test('rejects a frame in more than `maxBufferedChunks` chunks, and counts each frame separately', () => {
      const reader = { role, maxBufferedChunks: 3 };
      const wire = received(role, '8203 aabbcc');
      const chunks = [...byteByByte(wire), ...byteByByte(wire)];
      expect(read(codec, reader, chunks).frames).toHaveLength(2);
      const { frames, error, after } = read(codec, reader, [
        ...chunks,
        ...byteByByte(received(role, '8904 00112233')),
      ]);
      expect(frames).toHaveLength(2);
      expect(error).toEqual({
        name: 'RangeError',
        code: 'WS_ERR_TOO_MANY_BUFFERED_PARTS',
        closeCode: 1008,
        message: 'Too many buffered chunks',
      });
      expect(after).toBe(chunks.length + wire.length + 1);
    });

    test('does not count chunks with whole frames for `maxBufferedChunks`', () => {
      const chunks = Array.from({ length: 1000 }, () => received(role, '8201 aa'));
      expect(read(codec, { role, maxBufferedChunks: 1 }, chunks).frames).toHaveLength(1000);
    });

    test('releases a chunk after reading it', async () => {
      const decoder = new codec.FrameDecoder({ role });
      const pushed = Array.from({ length: 8 }, () => {
        const chunk = received(role, '8203 aabbcc');
        decoder.push(chunk);
        return new WeakRef(chunk);
      });
      for (let i = 0; i < 4; i++) decoder.next();
      // The fourth is the current chunk, which may still contain another frame.
      for (const read of pushed.slice(0, 3)) expect(await isCollected(read)).toBe(true);
      expect(await isCollected(pushed[7]!)).toBe(false);
      drain(decoder);
      for (const read of pushed) expect(await isCollected(read)).toBe(true);
    });

    test('releases everything after an error, and accepts no more bytes', async () => {
      const decoder = new codec.FrameDecoder({ role });
      const pushed = (wire: string) => {
        const chunk = received(role, wire);
        decoder.push(chunk);
        return new WeakRef(chunk);
      };
      const references = [pushed('8300'), pushed('8101 61')];
      expect(() => decoder.next()).toThrow('invalid opcode 3');
      references.push(pushed('8101 62'), pushed('8101 63'));
      for (const reference of references) expect(await isCollected(reference)).toBe(true);
      expect(() => decoder.next()).toThrow('invalid opcode 3');
    });
  });
});

describe.each(codecs.filter(({ name }) => name !== 'any engine'))(
  'several frames in one chunk ($name)',
  ({ codec }) => {
    test.each(roles)('are not detached when a %s transfers one of them', (role) => {
      const payloads = ['aabbcc', '', 'ddeeff', '001122'];
      const wire = received(
        role,
        ...payloads.map((payload) => concat(hex(`820${payload.length / 2}`), hex(payload))),
      );
      const decoder = new codec.FrameDecoder({ role });
      decoder.push(wire);
      const frames: Uint8Array[] = [];
      for (let frame; (frame = decoder.next()?.payload);) {
        frames.push(frame);
        try {
          // Node 20 copies memory that must not be transferred.
          expect(transfer(frame.buffer).byteLength).toBe(wire.length);
        } catch (error) {
          expect((error as Error).name).toBe('DataCloneError');
        }
      }
      expect(frames.map(toHex)).toEqual(payloads);
    });
  },
);

describe.each(codecs)('many short frames in one chunk ($name)', ({ codec }) => {
  const payloads = Array.from({ length: 70 }, (_, length) => someBytes(length));
  const wire = received('server', ...payloads.map((payload) => frame('82', payload)));

  test.each([0, 1, 2, 4])('are unmasked in place, at offset %i in their memory', (offset) => {
    const chunk = new Uint8Array(new ArrayBuffer(offset + wire.length), offset);
    chunk.set(wire);
    const decoder = new codec.FrameDecoder({ role: 'server' });
    decoder.push(chunk);
    expect(drain(decoder).map(({ payload }) => toHex(payload))).toEqual(payloads.map(toHex));
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])(
    'are validated as text at every byte: at byte %i',
    (position) => {
      const wrong = new Uint8Array(12).fill(0x61);
      wrong[position] = 0xff;
      const right = new Uint8Array(12).fill(0x61);
      const before = Array.from({ length: 40 }, () => frame('81', right));
      const reader = { role: 'server', assembler: {} } as const;
      const { messages, error } = read(codec, reader, [received('server', ...before, frame('81', wrong))]);
      expect(messages.map(({ data }) => data)).toEqual(before.map(() => toHex(right)));
      expect(error).toMatchObject({ code: 'WS_ERR_INVALID_UTF8', closeCode: 1007 });
    },
  );
});

/** A codec, with the sizes of its allocations. */
async function countedCodec(engine: 'node' | 'portable') {
  const sizes: number[] = [];
  const codec = await codecOn(engine, (kernel) => ({
    ...kernel,
    allocate(size) {
      sizes.push(size);
      return kernel.allocate(size);
    },
  }));
  return { codec, sizes };
}

describe.each(['node', 'portable'] as const)('the memory of the frame decoder (the %s kernel)', (engine) => {
  test('is linear in the bytes for 1,000,000 chunks of one byte', async () => {
    const { codec, sizes } = await countedCodec(engine);
    const payload = someBytes(1_000_000);
    const decoder = new codec.FrameDecoder({ role: 'server' });
    const chunks = received('server', frame('82', payload));
    let whole: Frame | undefined;
    for (let i = 0; i < chunks.length; i++) {
      decoder.push(chunks.subarray(i, i + 1));
      whole = decoder.next();
    }
    expect(toHex(whole!.payload) === toHex(payload)).toBe(true);
    expect(sizes.length).toBeLessThan(10);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(2 * payload.length);
  });

  test('is allocated once for 1 MiB in the chunks of a socket', async () => {
    const { codec, sizes } = await countedCodec(engine);
    const wire = received('server', frame('82', someBytes(1 << 20)));
    const decoder = new codec.FrameDecoder({ role: 'server' });
    for (let at = 0; at < wire.length; at += 1 << 16) {
      decoder.push(wire.subarray(at, at + (1 << 16)));
      decoder.next();
    }
    expect(sizes).toEqual([1 << 20]);
  });

  test('is allocated for the whole frame once 1/17 of it has arrived, so that it is not copied again', async () => {
    const { codec, sizes } = await countedCodec(engine);
    const wire = received('client', frame('82', someBytes(4 ** 9)));
    const decoder = new codec.FrameDecoder({ role: 'client' });
    for (let at = 0; at < wire.length; at += 1024) {
      decoder.push(wire.subarray(at, at + 1024));
      decoder.next();
    }
    expect(sizes.at(-1)).toBe(4 ** 9);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(1.1 * 4 ** 9);
  });

  test('grows in smaller steps if the engine refuses large ones, and then fails with 1009', async () => {
    const codec = await codecOn(engine, (kernel) => ({
      ...kernel,
      allocate(size) {
        if (size > 60_000) throw new RangeError('Array buffer allocation failed');
        return kernel.allocate(size);
      },
    }));
    const decoder = new codec.FrameDecoder({ role: 'client' });
    decoder.push(hex('827f 0000000040000000'));
    let held = 0;
    const fill = () => {
      for (let i = 0; i < 200; i++) {
        decoder.push(new Uint8Array(1000));
        decoder.next();
        held = decoder.partial!.payload.length;
      }
    };
    expect(fill).toThrow('Max payload size exceeded');
    // The factor of four was refused at 21,000 bytes, the factor of two at 43,000.
    expect(held).toBeGreaterThan(50_000);
    expect(decoder.partial).toBeUndefined();
    expect(() => decoder.next()).toThrow(expect.objectContaining({ closeCode: 1009 }));
  });
});
