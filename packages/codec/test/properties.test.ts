// Properties of any frames and any bytes, tested with random ones.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codecs } from './support/codecs.ts';
import { concat, toHex } from './support/hex.ts';
import { byteByByte, read, withoutPlace, type Reader } from './support/reading.ts';
import { roles } from './support/wire.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

/** Lengths around those at which the form of the length, or the way of copying or validating, changes. */
const lengths = fc.oneof(
  { weight: 8, arbitrary: fc.nat(40) },
  { weight: 2, arbitrary: fc.integer({ min: 90, max: 130 }) },
  { weight: 1, arbitrary: fc.constantFrom(1023, 1024, 1025, 65535, 65536, 65537) },
);

const payloads = fc.tuple(lengths, fc.uint8Array({ minLength: 1, maxLength: 50 })).map(([length, some]) => {
  return Uint8Array.from({ length }, (_, i) => some[i % some.length]!);
});

/** The bytes in chunks, cut at positions that the seeds choose. */
function cut(whole: Uint8Array, seeds: readonly number[]): Uint8Array[] {
  const places = [0, ...seeds.map((seed) => seed % (whole.length + 1)).sort((a, b) => a - b), whole.length];
  return places.slice(1).map((end, i) => whole.subarray(places[i], end));
}

const cuts = fc.array(fc.nat(), { maxLength: 20 });

/** First bytes of headers: valid ones, some that break a rule, and any byte. */
const headerBytes = fc.oneof(
  fc.constantFrom(0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0xc1, 0x41, 0xc0, 0x83, 0x09, 0x91),
  fc.nat(255),
);
const masks = fc.constantFrom(true, true, true, true, true, true, false);

/** Frames that are mostly valid, as bytes for a role. */
const almostFrames = (server: boolean) =>
  fc.array(
    fc
      .record({
        first: headerBytes,
        form: fc.constantFrom(7, 7, 7, 7, 16, 64),
        payload: fc.oneof(
          bytes(8),
          fc.string({ unit: 'binary', maxLength: 20 }).map((text) => new TextEncoder().encode(text)),
          bytes(130),
        ),
        rightMask: masks,
        promised: fc.option(fc.constantFrom(1, 126, 70_000, 2 ** 32, 2 ** 53, 2 ** 63), { freq: 20 }),
      })
      .map(({ first, form, payload, rightMask, promised }) => {
        const length = promised ?? payload.length;
        const size = length > 65_535 ? 64 : length > 125 && form === 7 ? 16 : form;
        const mask = rightMask === server ? 0x80 : 0;
        const header = new DataView(new ArrayBuffer(size === 7 ? 2 : size === 16 ? 4 : 10));
        header.setUint8(0, first);
        header.setUint8(1, mask | (size === 7 ? length : size === 16 ? 126 : 127));
        if (size === 16) header.setUint16(2, length);
        if (size === 64) header.setBigUint64(2, BigInt(length));
        return concat(new Uint8Array(header.buffer), new Uint8Array(mask === 0 ? 0 : 4), payload);
      }),
    { maxLength: 8 },
  );

const limits = fc.record({
  allowRsv1: fc.boolean(),
  maxPayload: fc.constantFrom(0, 0, 10, 200),
  maxFragments: fc.constantFrom(0, 0, 2),
  skipUtf8Validation: fc.constantFrom(false, false, true),
});

describe.each(codecs)('for any bytes ($name)', ({ codec }) => {
  const tables = new Set(
    Object.values(codec.PROTOCOL_ERRORS).map(({ code, closeCode }) => `${code} ${closeCode}`),
  );

  test.each(roles)('frames are read as they were encoded, in chunks of any size (to a %s)', (role) => {
    const frames = fc.array(
      fc.record({
        fin: fc.boolean(),
        rsv1: fc.boolean(),
        opcode: fc.constantFrom(0 as const, 1 as const, 2 as const),
        payload: payloads,
        key: fc.integer(),
      }),
      { maxLength: 6 },
    );
    const property = fc.property(frames, cuts, (list, seeds) => {
      const sent = list.map((frame) => ({ ...frame, rsv1: frame.rsv1 && frame.opcode !== 0 }));
      const wire = concat(
        ...sent.map(({ key, ...frame }) =>
          codec.encodeFrame(role === 'server' ? { ...frame, maskingKey: key } : frame),
        ),
      );
      const expected = sent.map(({ fin, rsv1, opcode, payload }) => ({
        fin,
        rsv1,
        opcode,
        payload: toHex(payload),
      }));
      const reader = { role, allowRsv1: true };
      const ways = [[wire], cut(wire, seeds), ...(wire.length < 5000 ? [byteByByte(wire)] : [])];
      for (const chunks of ways) expect(read(codec, reader, chunks).frames).toEqual(expected);
    });
    fc.assert(property, { numRuns: 150 });
  });

  test.each(roles)(
    'messages come back as they were sent, however they are fragmented and cut (to a %s)',
    (role) => {
      const text = fc.string({ unit: 'binary', maxLength: 60 });
      const messages = fc.array(
        fc.record({
          content: fc.oneof(text, payloads),
          fragments: fc.array(fc.nat(), { maxLength: 5 }),
          ping: fc.option(bytes(125)),
          key: fc.integer(),
        }),
        { maxLength: 5 },
      );
      const property = fc.property(messages, cuts, (list, seeds) => {
        const frames = list.flatMap(({ content, fragments, ping, key }) => {
          const maskingKey = role === 'server' ? key : undefined;
          const data = typeof content === 'string' ? new TextEncoder().encode(content) : content;
          const parts = cut(data, fragments).map((payload, i, { length }) => {
            const start = typeof content === 'string' ? codec.Opcode.TEXT : codec.Opcode.BINARY;
            const opcode = i === 0 ? start : codec.Opcode.CONTINUATION;
            return codec.encodeFrame({ opcode, payload, fin: i === length - 1, maskingKey });
          });
          if (!ping) return parts;
          const control = codec.encodeFrame({ opcode: codec.Opcode.PING, payload: ping, maskingKey });
          return parts.flatMap((part) => [part, control]);
        });
        const expected = list.map(({ content }) => ({
          opcode: typeof content === 'string' ? 1 : 2,
          compressed: false,
          data: toHex(typeof content === 'string' ? new TextEncoder().encode(content) : content),
        }));
        const wire = concat(...frames);
        const ways = [[wire], cut(wire, seeds), ...(wire.length < 5000 ? [byteByByte(wire)] : [])];
        for (const chunks of ways) {
          const { error, messages } = read(codec, { role, assembler: {} }, chunks);
          expect(error).toBeUndefined();
          expect(messages).toEqual(expected);
        }
      });
      fc.assert(property, { numRuns: 150 });
    },
  );

  test('a text frame is the frame of the bytes of the text, at every offset', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.nat(0xffff), { maxLength: 200 }).map((units) => String.fromCharCode(...units)),
      fc.nat(130).map((length) => 'é'.repeat(length)),
    );
    const property = fc.property(text, fc.option(fc.integer()), fc.nat(8), (content, key, offset) => {
      const maskingKey = key ?? undefined;
      const target = new Uint8Array(offset + codec.maxTextFrameSize(content.length));
      const end = codec.writeTextFrame(target, offset, 0x81, content, maskingKey);
      const expected = codec.encodeFrame({
        opcode: 1,
        payload: new TextEncoder().encode(content),
        maskingKey,
      });
      expect(toHex(target.subarray(offset, end))).toBe(toHex(expected));
    });
    fc.assert(property, { numRuns: 500 });
  });

  test.each(roles)(
    'bytes are accepted, or rejected with an error of the table, however they are cut (%s)',
    (role) => {
      const wires = fc.oneof(
        { weight: 1, arbitrary: bytes(60) },
        { weight: 5, arbitrary: almostFrames(role === 'server').map((frames) => concat(...frames)) },
      );
      let refused = 0;
      let accepted = 0;
      const property = fc.property(wires, limits, cuts, (wire, { allowRsv1, ...assembler }, seeds) => {
        const { maxPayload } = assembler;
        const reader: Reader = { role, allowRsv1, maxPayload, assembler };
        const whole = withoutPlace(read(codec, reader, [wire]));
        if (whole.error) expect(tables).toContain(`${whole.error.code} ${whole.error.closeCode}`);
        if (whole.error) refused++;
        else accepted++;
        expect(withoutPlace(read(codec, reader, cut(wire, seeds)))).toEqual(whole);
        expect(withoutPlace(read(codec, reader, byteByByte(wire)))).toEqual(whole);
      });
      fc.assert(property, { numRuns: 1000 });
      // There are both valid and invalid bytes.
      expect(Math.min(refused, accepted)).toBeGreaterThan(50);
    },
  );

  test('the payload of a close frame is read, or rejected with an error of the table', () => {
    const property = fc.property(bytes(125), (payload) => {
      try {
        const { code, reason } = codec.parseClosePayload(payload);
        if (payload.length > 0) expect(toHex(codec.formatClosePayload(code, reason))).toBe(toHex(payload));
        else expect(code).toBe(1005);
      } catch (error) {
        if (!codec.isProtocolError(error)) throw error;
        expect(tables).toContain(`${error.code} ${error.closeCode}`);
      }
    });
    fc.assert(property, { numRuns: 500 });
  });
});
