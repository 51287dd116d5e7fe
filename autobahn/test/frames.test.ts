import { describe, expect, test } from 'vitest';
import { FrameReader, applyMask, chop, encodeFrame, fragment, freshMask } from '../src/frames.ts';
import type { Frame, FrameHeader } from '../src/frames.ts';

const mask = Buffer.from('37fa213d', 'hex');

function frame(opcode: number, payload: Buffer, { fin = true, rsv = 0 } = {}): Frame {
  return { opcode, fin, rsv, payload };
}

describe('the frame writer', () => {
  test.each([
    ['an unmasked text message (RFC 6455 §5.7)', frame(1, Buffer.from('Hello')), null, '810548656c6c6f'],
    ['a masked text message (RFC 6455 §5.7)', frame(1, Buffer.from('Hello')), mask, '818537fa213d7f9f4d5158'],
    ['reserved bits and a missing FIN', frame(3, Buffer.alloc(0), { fin: false, rsv: 5 }), null, '5300'],
    ['a control frame that is too long', frame(9, Buffer.alloc(126)), null, `897e007e${'00'.repeat(126)}`],
  ])('writes %s', (_, given, key, hex) => {
    expect(encodeFrame(given, key).toString('hex')).toBe(hex);
  });

  test.each([
    [125, '827d'],
    [126, '827e007e'],
    [65_535, '827effff'],
    [65_536, '827f0000000000010000'],
  ])('gives %i octets the shortest form of the length', (length, hex) => {
    const octets = encodeFrame(frame(2, Buffer.alloc(length)), null);
    expect(octets.subarray(0, octets.length - length).toString('hex')).toBe(hex);
  });

  test('cuts a message into fragments with an empty last one when the size divides the length', () => {
    const shapes = fragment(1, Buffer.alloc(6), 3, 4).map(({ opcode, fin, rsv, payload }) => [
      opcode,
      fin,
      rsv,
      payload.length,
    ]);
    expect(shapes).toEqual([
      [1, false, 4, 3],
      [0, false, 0, 3],
      [0, true, 0, 0],
    ]);
    expect(fragment(1, Buffer.alloc(3), 3).length).toBe(1);
    expect(fragment(1, Buffer.alloc(3), 0).length).toBe(1);
  });

  test('chops octets into chunks with a shorter last one', () => {
    expect(chop(Buffer.from('abcde'), 2).map(String)).toEqual(['ab', 'cd', 'e']);
  });
});

describe('masking', () => {
  test('uses a new key of four octets each time', () => {
    const keys = Array.from({ length: 10_000 }, () => freshMask().toString('hex'));
    expect(new Set(keys).size).toBeGreaterThan(9_990);
    expect(keys.every((key) => key.length === 8)).toBe(true);
  });

  test.each([0, 1, 2, 3])('is the same by words as by octets, from offset %i on', (offset) => {
    for (let start = 0; start < 4; start++) {
      for (const length of [0, 1, 15, 16, 17, 63]) {
        const octets = Buffer.from(new ArrayBuffer(128), start, length).fill(0x5a);
        applyMask(octets, mask, offset);
        const expected = Array.from({ length }, (_, i) => 0x5a ^ (mask[(offset + i) % 4] ?? 0));
        expect([...octets]).toEqual(expected);
      }
    }
  });
});

describe('the frame reader', () => {
  const stream = Buffer.concat([
    encodeFrame(frame(1, Buffer.from('Hello')), mask),
    encodeFrame(frame(2, Buffer.alloc(300, 7), { fin: false, rsv: 2 }), null),
    encodeFrame(frame(9, Buffer.alloc(0)), mask),
  ]);

  test.each([1, 2, 3, 7, 1000])('reads the same frames from chunks of %i octets', (size) => {
    const frames = readAll(chop(Buffer.from(stream), size));
    expect(frames.map(({ header, payload }) => [header.opcode, header.fin, header.rsv, payload])).toEqual([
      [1, true, 0, Buffer.from('Hello')],
      [2, false, 2, Buffer.alloc(300, 7)],
      [9, true, 0, Buffer.alloc(0)],
    ]);
  });

  test.each([
    ['8100', true],
    ['817e007e', true],
    ['817e007d', false],
    ['817f000000000000ffff', false],
    ['817f0000000000010000', true],
  ])('reports for %s whether the length has its shortest form', (hex, shortest) => {
    expect(readAll([Buffer.from(hex, 'hex')], true)[0]?.header.shortest).toBe(shortest);
  });
});

/** Returns the frames of a stream. With `unfinished`, also those whose payload is incomplete. */
function readAll(chunks: Buffer[], unfinished = false): { header: FrameHeader; payload: Buffer }[] {
  const frames: { header: FrameHeader; payload: Buffer; ended: boolean }[] = [];
  const reader = new FrameReader({
    start: () => {},
    header: (header) => frames.push({ header, payload: Buffer.alloc(0), ended: false }),
    payload: (octets) => {
      const last = frames.at(-1)!;
      last.payload = Buffer.concat([last.payload, octets]);
    },
    end: () => (frames.at(-1)!.ended = true),
  });
  for (const chunk of chunks) reader.push(chunk);
  return frames.filter(({ ended }) => ended || unfinished);
}
