// The rules of RFC 6455 §5.4 and §8.1 for the frames of one message, and the limits on a message.
import { describe, expect, test } from 'vitest';
import type { Message } from '@framewire/codec';
import { codecOn, codecs } from './support/codecs.ts';
import { concat, hex, someBytes, toHex } from './support/hex.ts';
import { bytesUntilError, readEveryWay, type Reader } from './support/reading.ts';
import { frame, received, roles } from './support/wire.ts';

const HEADER = { client: 2, server: 6 } as const;

describe.each(codecs)('the message assembler ($name)', ({ codec }) => {
  describe.each(roles)('as a %s', (role) => {
    const readMessages = (
      options: Reader['assembler'] & { allowRsv1?: boolean },
      ...frames: (string | Uint8Array)[]
    ) =>
      readEveryWay(
        codec,
        { role, allowRsv1: options.allowRsv1 ?? false, assembler: options },
        received(role, ...frames),
      );

    describe('assembles messages (§5.4)', () => {
      test.each([
        ['text in one frame', ['8105 48656c6c6f'], [[1, '48656c6c6f']]],
        ['binary in one frame', ['8203 00ff80'], [[2, '00ff80']]],
        ['the fragmented text of §5.7', ['0103 48656c', '8002 6c6f'], [[1, '48656c6c6f']]],
        ['three fragments of binary', ['0201 aa', '0002 bbcc', '8001 dd'], [[2, 'aabbccdd']]],
        [
          'empty messages',
          ['8100', '8200'],
          [
            [1, ''],
            [2, ''],
          ],
        ],
        ['empty fragments', ['0100', '0000', '0001 61', '0000', '8000'], [[1, '61']]],
        ['a message whose last fragment is empty', ['0202 aabb', '8000'], [[2, 'aabb']]],
        [
          'one message after another',
          ['0101 61', '8001 62', '8201 01', '0201 02', '8000'],
          [
            [1, '6162'],
            [2, '01'],
            [2, '02'],
          ],
        ],
        [
          'a fragment whose length takes 16 bits',
          [frame('02', someBytes(300)), frame('80', someBytes(70))],
          [[2, toHex(concat(someBytes(300), someBytes(70)))]],
        ],
      ] as const)('%s', (_, frames, messages) => {
        const expected = messages.map(([opcode, data]) => ({ opcode, compressed: false, data }));
        expect(readMessages({}, ...frames)).toMatchObject({ messages: expected });
      });

      test('with control frames in between', () => {
        const { messages, frames } = readMessages(
          {},
          '0101 e2',
          '8902 aabb',
          '0001 82',
          '8a00',
          '8900',
          '8001 ac',
          '8802 03e8',
        );
        expect(messages).toEqual([{ opcode: 1, compressed: false, data: 'e282ac' }]);
        expect(frames.map(({ opcode }) => opcode)).toEqual([1, 9, 0, 10, 9, 0, 8]);
      });
    });

    describe('rejects with 1002 (§5.4)', () => {
      test.each([
        ['a continuation without a message', ['8000'], 0],
        ['a continuation without FIN and without a message', ['0001 61'], 0],
        ['a continuation after a whole message', ['8101 61', '8001 62'], 0],
        ['a continuation after a message in fragments', ['0101 61', '8001 62', '8000'], 0],
        ['a text inside of a message', ['0101 61', '8101 62'], 1],
        ['the start of a text inside of a message', ['0201 61', '0101 62'], 1],
        ['a binary inside of a message', ['0101 61', '8900', '8201 62'], 2],
      ] as const)('%s', (_, frames, opcode) => {
        expect(readMessages({}, ...frames).error).toEqual({
          name: 'RangeError',
          code: 'WS_ERR_INVALID_OPCODE',
          closeCode: 1002,
          message: `Invalid WebSocket frame: invalid opcode ${opcode}`,
        });
      });

      test('at the header, before the payload has arrived', () => {
        const reader = { role, assembler: {} };
        const wire = received(role, '8905 0102030405', '8005 0102030405');
        const [code, bytes] = bytesUntilError(codec, reader, wire);
        expect([code, bytes]).toEqual(['WS_ERR_INVALID_OPCODE', wire.length - 5]);
      });
    });

    describe('checks `maxPayload`', () => {
      const tooLong = {
        name: 'RangeError',
        code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
        closeCode: 1009,
        message: 'Max payload size exceeded',
      };

      test('for the whole message, in fragments of any size', () => {
        expect(
          readMessages({ maxPayload: 4 }, '0202 aabb', '8002 ccdd', '8204 00000000').error,
        ).toBeUndefined();
        expect(readMessages({ maxPayload: 4 }, '0202 aabb', '8003 ccddee').error).toEqual(tooLong);
        expect(readMessages({ maxPayload: 4 }, '0204 aabbccdd', '0000', '8001 ee').error).toEqual(tooLong);
        expect(readMessages({ maxPayload: 4 }, '8205 0000000000').error).toEqual(tooLong);
      });

      test('without the control frames between the fragments', () => {
        const ping = frame('89', someBytes(125));
        expect(readMessages({ maxPayload: 4 }, '0202 aabb', ping, ping, '8002 ccdd').messages).toHaveLength(
          1,
        );
        expect(readMessages({ maxPayload: 4 }, '0202 aabb', ping, '8003 ccddee').error).toEqual(tooLong);
      });

      test('at the header, before the payload has arrived', () => {
        const reader = { role, assembler: { maxPayload: 1000 } };
        const wire = concat(received(role, frame('02', someBytes(400)), '807e 0259'), someBytes(601));
        const [code, bytes] = bytesUntilError(codec, reader, wire);
        expect([code, bytes]).toEqual(['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', wire.length - 601]);
      });

      test('even if the sum of the lengths is above 2^53', () => {
        const wire = ['0201 aa', '007f 001fffffffffffff'];
        expect(readMessages({ maxPayload: 2 ** 52 }, ...wire).error).toEqual(tooLong);
      });
    });

    test('rejects more than `maxFragments` fragments, including empty ones, but not control frames', () => {
      const options = { maxFragments: 3 };
      const allowed = ['0201 aa', '8900', '0000', '8a00', '8001 bb'] as const;
      expect(readMessages(options, ...allowed, ...allowed, '8201 cc').messages).toHaveLength(3);
      expect(readMessages(options, ...allowed, '0200', '0000', '0000', '0000').error).toEqual({
        name: 'RangeError',
        code: 'WS_ERR_TOO_MANY_BUFFERED_PARTS',
        closeCode: 1008,
        message: 'Too many message fragments',
      });
    });

    describe('rejects text that is not UTF-8 with 1007 (§8.1)', () => {
      // Each text, and the number of bytes up to the first invalid one.
      const texts = [
        ['a continuation byte without a lead', '61 80 62', 2],
        ['a lead that no character has', '61 c0 80', 2],
        ['the lead F5', 'f5 80 80 80', 1],
        ['an overlong form', '61 e0 80 80', 3],
        ['a surrogate', '61 ed a0 80', 3],
        ['a code point above U+10FFFF', 'f4 90 80 80', 2],
        ['a character cut short by another', '61 e2 82 61', 4],
        [
          'the example of Autobahn 6.4: a code point above U+10FFFF in a longer text',
          'ceba e1bdb9 cf83 cebc ceb5 f4908080 65646974 6564',
          13,
        ],
      ] as const;

      const error = {
        name: 'Error',
        code: 'WS_ERR_INVALID_UTF8',
        closeCode: 1007,
        message: 'Invalid WebSocket frame: invalid UTF-8 sequence',
      };

      test.each(texts)('in one frame, at the first invalid byte: %s', (_, text, count) => {
        const wire = received(role, frame('81', hex(text)));
        expect(readEveryWay(codec, { role, assembler: {} }, wire).error).toEqual(error);
        expect(bytesUntilError(codec, { role, assembler: {} }, wire)).toEqual([
          error.code,
          HEADER[role] + count,
        ]);
      });

      test.each(texts)(
        'across fragments of one byte, with control frames in between: %s',
        (_, text, count) => {
          const bytes = hex(text);
          const fragments = [...bytes].map((byte, i) => Uint8Array.of(i === 0 ? 0x01 : 0, 1, byte));
          const wire = fragments.flatMap((fragment) => [fragment, '8900']);
          expect(readMessages({}, ...wire, '8000').error).toEqual(error);
          const [, until] = bytesUntilError(codec, { role, assembler: {} }, received(role, ...wire));
          // The header and byte of each fragment, and a ping after each fragment before the last.
          expect(until).toBe(count * (HEADER[role] + 1) + (count - 1) * HEADER[role]);
        },
      );

      test.each(texts)('deep inside of a long frame, at the first invalid byte: %s', (_, text, count) => {
        const before = Buffer.from('€uro '.repeat(20));
        const wire = received(role, frame('81', concat(before, hex(text), before)));
        expect(readEveryWay(codec, { role, assembler: {} }, wire).error).toEqual(error);
        const [, until] = bytesUntilError(codec, { role, assembler: {} }, wire);
        expect(until).toBe(HEADER[role] + 2 + before.length + count);
      });

      test.each([
        ['in one frame', ['8103 61e282']],
        ['in two', ['0101 e2', '8001 82']],
        ['in three, the last one empty', ['0101 e2', '0001 82', '8000']],
        ['a lead alone', ['8101 f0']],
      ] as const)('when the message ends inside of a character: %s', (_, frames) => {
        expect(readMessages({}, ...frames).error).toEqual(error);
      });

      test('in the second of two texts, after a valid one', () => {
        expect(readMessages({}, '0102 c3a4', '8000', '0101 c3', '8001 28')).toMatchObject({
          messages: [{ data: 'c3a4' }],
          error,
        });
      });
    });

    test('reads characters that are split between fragments at every position (§5.6)', () => {
      const text = Buffer.from('aé€😀\u{10ffff}\ud7ff\ue000');
      for (let at = 0; at <= text.length; at++) {
        const wire = [frame('01', text.subarray(0, at)), '8900', frame('80', text.subarray(at))];
        expect(readMessages({}, ...wire).messages).toEqual([
          { opcode: 1, compressed: false, data: toHex(text) },
        ]);
      }
    });

    test('does not validate binary messages', () => {
      expect(readMessages({}, '8203 ff80c0', '0201 ff', '8001 c0').error).toBeUndefined();
    });

    test('accepts any text with `skipUtf8Validation`', () => {
      expect(
        readMessages({ skipUtf8Validation: true }, '8103 ff80c0', '0101 ff', '8001 c0').messages,
      ).toHaveLength(2);
    });

    test('does not validate compressed text (RFC 7692 §6), and marks it as compressed', () => {
      const { messages } = readMessages({ allowRsv1: true }, 'c102 ff80', '4101 ff', '8001 c0', '8101 61');
      expect(messages).toEqual([
        { opcode: 1, compressed: true, data: 'ff80' },
        { opcode: 1, compressed: true, data: 'ffc0' },
        { opcode: 1, compressed: false, data: '61' },
      ]);
    });
  });

  test('accepts a million fragments without a limit', () => {
    const assembler = new codec.MessageAssembler();
    const payload = hex('aa');
    assembler.add({ fin: false, rsv1: false, opcode: 2, payload });
    for (let i = 0; i < 1_000_000; i++) assembler.add({ fin: false, rsv1: false, opcode: 0, payload });
    expect(assembler.add({ fin: true, rsv1: false, opcode: 0, payload })!.data.length).toBe(1_000_002);
  });

  test('returns a message in one frame without a copy', () => {
    const payload = hex('616263');
    expect(new codec.MessageAssembler().add({ fin: true, rsv1: false, opcode: 1, payload })!.data).toBe(
      payload,
    );
  });

  test('ignores the preview of a control frame', () => {
    const assembler = new codec.MessageAssembler({ maxPayload: 1 });
    const payload = { bytes: hex('ff'), length: 1 };
    assembler.preview({ fin: true, rsv1: false, opcode: 9, payloadLength: 100, payload });
    expect(assembler.add({ fin: true, rsv1: false, opcode: 1, payload: hex('61') })!.data).toEqual(hex('61'));
  });

  describe('with `keepFragments`', () => {
    const gather = (...frames: string[]): Message[] => {
      const decoder = new codec.FrameDecoder({ role: 'client' });
      const assembler = new codec.MessageAssembler();
      assembler.keepFragments = true;
      decoder.push(received('client', ...frames));
      const messages: Message[] = [];
      for (let next; (next = decoder.next());) {
        const message = assembler.add(next);
        if (message) messages.push(message);
      }
      return messages;
    };

    test('returns the fragments of a message as views of its data', () => {
      const [message] = gather('0202 aabb', '0000', '0001 cc', '8002 ddee');
      expect(toHex(message!.data)).toBe('aabbccddee');
      expect(message!.fragments!.map(toHex)).toEqual(['aabb', '', 'cc', 'ddee']);
      for (const fragment of message!.fragments!) expect(fragment.buffer).toBe(message!.data.buffer);
    });

    test('returns a message in one frame as its only fragment', () => {
      const [message] = gather('8202 aabb');
      expect(message!.fragments).toEqual([message!.data]);
    });
  });
});

describe.each(['node', 'portable'] as const)(
  'the memory of the message assembler (the %s kernel)',
  (engine) => {
    const counting = async (largest = Infinity) => {
      const sizes: number[] = [];
      const codec = await codecOn(engine, (kernel) => ({
        ...kernel,
        allocate(size) {
          if (size > largest) throw new RangeError('Array buffer allocation failed');
          sizes.push(size);
          return kernel.allocate(size);
        },
      }));
      return { codec, sizes };
    };

    test.each([0, 4 << 20])(
      'is linear in the bytes for 4 MiB in fragments of 64 bytes (maxPayload %i)',
      async (maxPayload) => {
        const { codec, sizes } = await counting();
        const assembler = new codec.MessageAssembler({ maxPayload });
        const length = 4 << 20;
        const payload = someBytes(64);
        let message: Message | undefined;
        for (let sent = 64; sent <= length; sent += 64) {
          const opcode = sent === 64 ? codec.Opcode.BINARY : codec.Opcode.CONTINUATION;
          message = assembler.add({ fin: sent === length, rsv1: false, opcode, payload });
        }
        expect(message!.data.length).toBe(length);
        expect(sizes.length).toBeLessThan(10);
        const total = sizes.reduce((sum, size) => sum + size);
        // At most four times the content, and a third of that for the smaller buffers before.
        expect(total).toBeLessThan(maxPayload === 0 ? 5.4 * length : 1.4 * length);
      },
    );

    test('fails with 1009 if the engine has no more memory', async () => {
      const { codec } = await counting(100_000);
      const assembler = new codec.MessageAssembler();
      const payload = new Uint8Array(1000);
      assembler.add({ fin: false, rsv1: false, opcode: 2, payload });
      const fill = () => {
        for (let i = 0; i < 200; i++) assembler.add({ fin: false, rsv1: false, opcode: 0, payload });
      };
      expect(fill).toThrow(
        expect.objectContaining({ code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', closeCode: 1009 }),
      );
    });
  },
);
