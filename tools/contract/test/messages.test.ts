// Messages arrive with the same kind, complete and in order.
import { Blob, Buffer } from 'node:buffer';
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { RawData } from 'ws';
import { hex, nextMessage, nextMessages } from '../src/inbox.ts';
import { directions } from '../src/meeting.ts';
import { eachPairing, eachPairingAndTransport } from './each.ts';

const BOUNDARY_SIZES = [0, 1, 125, 126, 127, 65535, 65536, 65537, 1024 * 1024];

const BYTES = new Uint8Array([0x00, 0x01, 0x7f, 0x80, 0xff, 0x10, 0x20, 0x30]);

const containers: readonly (readonly [string, ArrayBuffer | ArrayBufferView])[] = [
  ['Buffer', Buffer.from(BYTES)],
  ['ArrayBuffer', BYTES.slice().buffer],
  ['DataView', new DataView(BYTES.slice().buffer)],
  ...[
    Uint8Array,
    Int8Array,
    Uint8ClampedArray,
    Uint16Array,
    Int16Array,
    Uint32Array,
    Int32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ].map((View) => [View.name, new View(BYTES.slice().buffer)] as const),
];

/** A view of the same bytes that starts and ends inside its buffer. */
function subView(view: ArrayBuffer | ArrayBufferView): ArrayBufferView {
  const around = new Uint8Array(24).fill(0xee);
  around.set(BYTES, 8);
  if (view instanceof DataView) return new DataView(around.buffer, 8, 8);
  if (Buffer.isBuffer(view) || view instanceof ArrayBuffer) return Buffer.from(around.buffer, 8, 8);
  const View = view.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => Uint8Array;
  return new View(around.buffer, 8, 8 / (view as Uint8Array).BYTES_PER_ELEMENT);
}

function digest(data: RawData | Uint8Array): string {
  return createHash('sha256')
    .update(data as Buffer)
    .digest('hex');
}

eachPairingAndTransport((meeting) => {
  test('both sides are open when the client emits open', async () => {
    const { client, server } = await meeting.meet();
    expect([client.readyState, server.readyState]).toEqual([1, 1]);
  });

  test('text arrives as a Buffer that is not binary, with every character', async () => {
    const text = 'plain, ümlaut, € and astral 𝒳😀';
    for (const [from, to] of directions(await meeting.meet())) {
      const arrived = nextMessage(to);
      from.send(text);
      const { data, isBinary } = await arrived;
      expect(Buffer.isBuffer(data)).toBe(true);
      expect([data.toString(), isBinary]).toEqual([text, false]);
    }
  });

  test('bytes arrive as a Buffer that is binary', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const arrived = nextMessage(to);
      from.send(BYTES);
      const { data, isBinary } = await arrived;
      expect(Buffer.isBuffer(data)).toBe(true);
      expect([hex(data), isBinary]).toEqual([hex(BYTES), true]);
    }
  });

  test.each(BOUNDARY_SIZES)('%d bytes arrive unchanged in both directions', async (size) => {
    const payload = randomBytes(size);
    for (const [from, to] of directions(await meeting.meet())) {
      const arrived = nextMessage(to);
      from.send(payload);
      const { data, isBinary } = await arrived;
      expect([(data as Buffer).length, digest(data), isBinary]).toEqual([size, digest(payload), true]);
    }
  });

  test.each(BOUNDARY_SIZES)('text of %d bytes arrives unchanged in both directions', async (size) => {
    const text = 'é'.repeat(size >> 1) + 'x'.repeat(size & 1);
    for (const [from, to] of directions(await meeting.meet())) {
      const arrived = nextMessage(to);
      from.send(text);
      const { data, isBinary } = await arrived;
      expect([(data as Buffer).length, data.toString() === text, isBinary]).toEqual([size, true, false]);
    }
  });

  test('many messages of many sizes arrive in send order', async () => {
    const sizes = Array.from({ length: 1000 }, (_, index) => (index * 7919) % 3000);
    for (const [from, to] of directions(await meeting.meet())) {
      const arrived = nextMessages(to, sizes.length);
      sizes.forEach((size, index) => from.send(`${index}:${'x'.repeat(size)}`));
      const messages = await arrived;
      expect(messages.map(({ data }) => data.toString().split(':')[0])).toEqual(
        sizes.map((_, i) => String(i)),
      );
      expect(messages.map(({ data }) => data.toString().split(':')[1]!.length)).toEqual(sizes);
    }
  });

  test('fragments arrive as one message, with control frames that were sent between them', async () => {
    const silent = { autoPong: false };
    for (const [from, to] of directions(await meeting.meet({ server: silent, client: silent }))) {
      const events: string[] = [];
      to.on('ping', (data) => events.push(`ping ${data.toString()}`));
      to.on('pong', (data) => events.push(`pong ${data.toString()}`));
      to.on('message', (data, isBinary) => events.push(`message ${data.toString()} ${isBinary}`));
      const last = nextMessages(to, 3);
      from.send('one ', { fin: false });
      from.ping('between');
      from.send('two ', { fin: false });
      from.pong('unasked');
      from.send('', { fin: false });
      from.send('three', { fin: true });
      from.send('whole');
      from.send(Buffer.from('bin'), { fin: false });
      from.send('ary');
      await last;
      expect(events).toEqual([
        'ping between',
        'pong unasked',
        'message one two three false',
        'message whole false',
        'message binary true',
      ]);
      to.removeAllListeners();
    }
  });
});

eachPairing((meeting) => {
  test.each(containers)('a %s is sent as its bytes', async (_name, container) => {
    for (const [from, to] of directions(await meeting.meet())) {
      const arrived = nextMessages(to, 2);
      from.send(container);
      from.send(subView(container));
      for (const { data, isBinary } of await arrived)
        expect([hex(data), isBinary]).toEqual([hex(BYTES), true]);
    }
  });

  test('a Blob is sent as its bytes, in send order', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const arrived = nextMessages(to, 3);
      from.send('before');
      from.send(new Blob([BYTES]));
      from.send('after');
      const messages = await arrived;
      expect(messages.map(({ data, isBinary }) => [hex(data), isBinary])).toEqual([
        [hex(Buffer.from('before')), false],
        [hex(BYTES), true],
        [hex(Buffer.from('after')), false],
      ]);
    }
  });

  test('an array is sent as bytes', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const arrived = nextMessage(to);
      from.send([1, 2, 255]);
      const { data, isBinary } = await arrived;
      expect([hex(data), isBinary]).toEqual(['0102ff', true]);
    }
  });

  test.each([0, 1, -1.5, NaN, 1e21])('the number %d is sent as text', async (number) => {
    for (const [from, to] of directions(await meeting.meet())) {
      const arrived = nextMessage(to);
      from.send(number);
      const { data, isBinary } = await arrived;
      expect([data.toString(), isBinary]).toEqual([String(number), false]);
    }
  });

  test('a message without data is sent empty, with the requested kind', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const arrived = nextMessages(to, 3);
      from.send('');
      from.send(Buffer.alloc(0));
      from.send(new ArrayBuffer(0));
      const messages = await arrived;
      expect(messages.map(({ data, isBinary }) => [(data as Buffer).length, isBinary])).toEqual([
        [0, false],
        [0, true],
        [0, true],
      ]);
    }
  });

  test('the option binary decides the kind, not the type of the data', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const arrived = nextMessages(to, 2);
      from.send('as binary', { binary: true });
      from.send(Buffer.from('as text'), { binary: false });
      const messages = await arrived;
      expect(messages.map(({ data, isBinary }) => [data.toString(), isBinary])).toEqual([
        ['as binary', true],
        ['as text', false],
      ]);
    }
  });

  test.each([null, undefined, {}, Symbol('no data'), true])(
    'null and undefined are sent as empty bytes, and other values that are not data throw a TypeError: %s',
    async (data) => {
      const { client, server } = await meeting.meet();
      const arrived = nextMessages(server, 1);
      const outcome = ((): string => {
        try {
          client.send(data as string);
          return 'sent';
        } catch (error) {
          return (error as Error).name;
        }
      })();
      client.send('end');
      const [first] = await arrived;
      const expected = data === undefined || data === null ? ['sent', '', true] : ['TypeError', 'end', false];
      expect([outcome, first!.data.toString(), first!.isBinary]).toEqual(expected);
    },
  );

  describe('binaryType', () => {
    test.each([
      ['nodebuffer', (data: unknown) => Buffer.isBuffer(data)],
      ['arraybuffer', (data: unknown) => data instanceof ArrayBuffer],
      ['fragments', (data: unknown) => Array.isArray(data) && data.every(Buffer.isBuffer)],
      ['blob', (data: unknown) => data instanceof Blob],
    ] as const)('%s gives binary messages of that kind, and text as a Buffer', async (type, isOfKind) => {
      for (const [from, to] of directions(await meeting.meet())) {
        to.binaryType = type as 'nodebuffer';
        expect(to.binaryType).toBe(type);
        const arrived = nextMessages(to, 3);
        from.send(BYTES);
        from.send(new Uint8Array(0));
        from.send('text');
        const [binary, empty, text] = await arrived;
        expect([isOfKind(binary!.data), isOfKind(empty!.data)]).toEqual([true, true]);
        expect(Buffer.isBuffer(text!.data)).toBe(true);
        expect(text!.data.toString()).toBe('text');
        const raw = binary!.data as unknown;
        expect(raw instanceof Blob ? hex(await raw.arrayBuffer()) : hex(raw as RawData)).toBe(hex(BYTES));
      }
    });

    test('an ArrayBuffer contains only the bytes of its message', async () => {
      for (const [from, to] of directions(await meeting.meet())) {
        to.binaryType = 'arraybuffer';
        const arrived = nextMessages(to, 2);
        from.send(BYTES);
        from.send(BYTES.subarray(2));
        const messages = await arrived;
        expect(messages.map(({ data }) => (data as ArrayBuffer).byteLength)).toEqual([8, 6]);
      }
    });

    test('fragments returns the fragments as they were sent', async () => {
      for (const [from, to] of directions(await meeting.meet())) {
        to.binaryType = 'fragments';
        const arrived = nextMessage(to);
        from.send(Buffer.from('ab'), { fin: false });
        from.send(Buffer.from('cde'), { fin: false });
        from.send(Buffer.from('f'), { fin: true });
        const { data } = await arrived;
        expect((data as Buffer[]).map(String)).toEqual(['ab', 'cde', 'f']);
      }
    });

    test('an unknown type is ignored', async () => {
      const { client } = await meeting.meet();
      client.binaryType = 'arraybuffer';
      client.binaryType = 'string' as 'arraybuffer';
      expect(client.binaryType).toBe('arraybuffer');
    });
  });
});
