// Ownership of bytes: the caller may reuse them as soon as the call returns, and the peer receives what was sent.
import { Buffer } from 'node:buffer';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ServerOptions, WebSocket } from 'ws';
import { Sender } from 'framewire';
import { describe, expect, test } from 'vitest';
import { nextMessages } from '../src/inbox.ts';
import { directions, type Ends } from '../src/meeting.ts';
import { control, ours, type UntypedOptions } from '../src/pairings.ts';
import { eachTransport, transportsFor } from './each.ts';

type Compression = Exclude<ServerOptions['perMessageDeflate'], undefined>;

/** Sizes around every boundary: the forms of the length, copies in the slab, the size of the slab, compression in slices. */
const SIZES = [1, 125, 126, 1_023, 1_024, 16_383, 16_384, 16_385, 32_768, 65_535, 65_536, 100_000];
const CONTROL_SIZES = [1, 125];

const NO_TAKEOVER = { serverNoContextTakeover: true, clientNoContextTakeover: true };

const PROFILES: readonly (readonly [name: string, perMessageDeflate: Compression])[] = [
  ['no compression', false],
  ['no context takeover', { ...NO_TAKEOVER, threshold: 0 }],
  ['context takeover', { threshold: 0 }],
  ['the shared profile', 'shared' as unknown as Compression],
];

/** Constructors and methods that the types of the compiler lack. */
const { ArrayBuffer: ResizableBuffer, WebAssembly } = globalThis as unknown as {
  ArrayBuffer: new (
    length: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(length: number): void };
  WebAssembly: {
    Memory: new (pages: { initial: number; maximum: number }) => {
      readonly buffer: ArrayBuffer;
      grow(pages: number): void;
    };
  };
};

/** Bytes of a caller, and how the caller changes them after the send. */
interface Owned {
  readonly bytes: Uint8Array<ArrayBuffer>;
  tamper(): void;
}

const TAMPERING: Readonly<Record<string, (content: Buffer) => Owned>> = {
  'is overwritten': (content) => {
    const bytes = new Uint8Array(content);
    return { bytes, tamper: () => void bytes.fill(0x21) };
  },
  'is transferred': (content) => {
    const bytes = new Uint8Array(content);
    return { bytes, tamper: () => void structuredClone(bytes.buffer, { transfer: [bytes.buffer] }) };
  },
  'is resized to nothing': (content) => {
    const buffer = new ResizableBuffer(content.length, { maxByteLength: content.length });
    const bytes = new Uint8Array(buffer);
    bytes.set(content);
    return { bytes, tamper: () => buffer.resize(0) };
  },
  'is a WebAssembly memory that grows': (content) => {
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 3 });
    const bytes = new Uint8Array(memory.buffer, 8, content.length);
    bytes.set(content);
    return {
      bytes,
      tamper: () => {
        memory.grow(1);
        new Uint8Array(memory.buffer).fill(0x21);
      },
    };
  },
};

/** Ways to send bytes. Each sends one message. */
const METHODS: Readonly<Record<string, (ws: WebSocket, bytes: Uint8Array<ArrayBuffer>) => void>> = {
  'as a view': (ws, bytes) => ws.send(bytes),
  'as a Buffer': (ws, { buffer, byteOffset, length }) => ws.send(Buffer.from(buffer, byteOffset, length)),
  'as a DataView': (ws, { buffer, byteOffset, length }) => ws.send(new DataView(buffer, byteOffset, length)),
  'as text': (ws, bytes) => ws.send(bytes, { binary: false }),
  'as a fragment': (ws, bytes) => {
    ws.send(bytes, { fin: false });
    ws.send(Buffer.alloc(0), { fin: true });
  },
};

/** Like {@link METHODS}, with a frame of `Sender`. The frame of a server refers to the original payload. */
const FRAMED: typeof METHODS = {
  'as a frame': (ws, bytes) => {
    const { _sender, _isServer } = ws as unknown as { _sender: Sender; _isServer: boolean };
    const options = { fin: true, opcode: 2, rsv1: false, mask: !_isServer, readOnly: true };
    _sender.sendFrame(Sender.frame(bytes, options));
  },
};

/** More than one write to the kernel, and more than a socket accepts in one write. */
const LONG_SIZES = [200_000, 2 * 1024 * 1024];

/** More than the kernel accepts for a paused peer. */
const BACKLOG = 16 * 1024 * 1024;

/** The state of the connection when the bytes are sent. `extra` is the number of other messages that arrive before. */
const MOMENTS: Readonly<
  Record<string, { readonly extra: number; prepare(from: WebSocket, to: WebSocket): Promise<void> | void }>
> = {
  alone: { extra: 0, prepare: () => {} },
  'after a Blob': {
    extra: 1,
    prepare: (from) => from.send(new Blob(['blob'])),
  },
  'after a message that is compressed in later turns': {
    extra: 1,
    // At every level of the profiles, compressing it takes more than one turn of the event loop.
    prepare: (from) => from.send(Buffer.alloc(500_000, 'compressible')),
  },
  'inside a message event': {
    extra: 0,
    prepare: (from, to) =>
      new Promise((resolve) => {
        from.once('message', () => resolve());
        to.send('now');
      }),
  },
};

/** Printable and compressible, different for each seed. */
function content(size: number, seed: number): Buffer {
  return Buffer.alloc(size, `${seed} `);
}

/** Sends bytes of every size in one way, changes them immediately after the call, and compares what arrives. */
async function sendAndTamper(
  from: WebSocket,
  to: WebSocket,
  send: (ws: WebSocket, bytes: Uint8Array<ArrayBuffer>) => void,
  make: (content: Buffer) => Owned,
  { extra, prepare }: (typeof MOMENTS)[string] = { extra: 0, prepare: () => {} },
  sizes: readonly number[] = SIZES,
): Promise<void> {
  const wrong: number[] = [];
  for (const [seed, size] of sizes.entries()) {
    const expected = content(size, seed);
    await prepare(from, to);
    // No message has arrived yet, because this is still the turn of `prepare`.
    const arrived = nextMessages(to, 1 + extra);
    const { bytes, tamper } = make(expected);
    send(from, bytes);
    tamper();
    const { data } = (await arrived).at(-1)!;
    if (!expected.equals(data as Buffer)) wrong.push(size);
  }
  expect(wrong).toEqual([]);
}

describe.each(PROFILES)('with %s', (_, perMessageDeflate) => {
  eachTransport(
    ours,
    (meeting) => {
      const options = { server: { perMessageDeflate }, client: { perMessageDeflate } } as {
        server: ServerOptions & UntypedOptions;
        client: { perMessageDeflate: Compression };
      };

      test.each(Object.entries(TAMPERING))(
        'a message arrives as it was sent, although its memory %s',
        async (_, make) => {
          for (const [from, to] of directions(await meeting.meet(options))) {
            for (const send of Object.values(METHODS)) await sendAndTamper(from, to, send, make);
          }
        },
      );

      test.each(Object.entries(MOMENTS))(
        'a message that is sent %s arrives as it was, although its memory is overwritten',
        async (_, moment) => {
          for (const [from, to] of directions(await meeting.meet(options))) {
            for (const send of Object.values(METHODS)) {
              await sendAndTamper(from, to, send, TAMPERING['is overwritten']!, moment);
            }
          }
        },
      );

      test('an encoded frame arrives as it was sent, although its memory changes', async () => {
        for (const [from, to] of directions(await meeting.meet(options))) {
          for (const make of Object.values(TAMPERING)) {
            await sendAndTamper(from, to, FRAMED['as a frame']!, make);
          }
        }
      });

      test.each(LONG_SIZES)(
        '%i bytes arrive as they were sent, although they are overwritten',
        async (size) => {
          for (const [from, to] of directions(await meeting.meet(options))) {
            const isPassed = isPassedToTheKernel(from);
            const ways: (typeof METHODS)[string][] = [];
            // The kernel may read bytes without a copy until the callback. A test below changes them after that.
            if (!isPassed || perMessageDeflate !== false) ways.push(METHODS['as a view']!);
            if (!isPassed) ways.push(FRAMED['as a frame']!);
            for (const send of ways) {
              await sendAndTamper(from, to, send, TAMPERING['is overwritten']!, MOMENTS['alone'], [size]);
            }
          }
        },
      );

      test('a buffer that is refilled for each connection in a turn delivers the right bytes to each', async () => {
        const ends: Ends[] = [];
        for (let index = 0; index < 4; index++) ends.push(await meeting.meet(options));
        for (const size of SIZES) {
          for (const [from, to] of [['server', 'client'] as const, ['client', 'server'] as const]) {
            const arrived = Promise.all(ends.map((each) => nextMessages(each[to], 2)));
            const buffer = Buffer.alloc(size);
            for (const [index, each] of ends.entries()) {
              each[from].send(buffer.fill(`a${index}`));
              each[from].send(buffer.fill(`b${index}`));
            }
            const wrong = (await arrived).flatMap(([a, b], index) => [
              !Buffer.alloc(size, `a${index}`).equals(a!.data as Buffer),
              !Buffer.alloc(size, `b${index}`).equals(b!.data as Buffer),
            ]);
            expect(wrong, `${size} bytes from the ${from}`).toEqual(wrong.map(() => false));
          }
        }
      });

      test.each(['ping', 'pong'] as const)(
        'a %s arrives as it was sent, although its memory changes',
        async (method) => {
          for (const [from, to] of directions(await meeting.meet(options))) {
            for (const { prepare } of Object.values(MOMENTS)) {
              for (const make of Object.values(TAMPERING)) {
                for (const size of CONTROL_SIZES) {
                  await prepare(from, to);
                  const arrived = new Promise<Buffer>((resolve) => to.once(method, resolve));
                  const { bytes, tamper } = make(content(size, 1));
                  from[method](bytes);
                  tamper();
                  expect(String(await arrived)).toBe(String(content(size, 1)));
                }
              }
            }
          }
        },
      );

      test('the reason of a close arrives as it was sent, although its memory changes', async () => {
        for (const from of ['client', 'server'] as const) {
          const ends = await meeting.meet(options);
          ends[from].send(new Blob(['blob']));
          const to = ends[from === 'client' ? 'server' : 'client'];
          const closed = new Promise<string>((resolve) =>
            to.once('close', (_, reason) => resolve(String(reason))),
          );
          const reason = Buffer.from('the reason');
          ends[from].close(1000, reason);
          reason.fill(0x21);
          expect(await closed).toBe('the reason');
        }
      });
    },
    transportsFor(perMessageDeflate),
  );
});

/** Whether a connection may pass a long uncompressed message to the kernel without a copy. */
function isPassedToTheKernel(from: WebSocket): boolean {
  const { _isServer, _socket } = from as unknown as { _isServer: boolean; _socket: Duplex };
  return _isServer && Object.getPrototypeOf(_socket) === Socket.prototype;
}

describe('without compression', () => {
  eachTransport(ours, (meeting) => {
    test('a message that is sent while the stream is backed up arrives as it was, although its memory changes', async () => {
      for (const [from, to] of directions(await meeting.meet())) {
        const { _socket } = from as unknown as { _socket: Duplex };
        to.pause();
        from.send(Buffer.alloc(BACKLOG));
        // In-memory streams accept everything, and copies are still made for them.
        if (_socket instanceof Socket) expect(_socket.writableLength).toBeGreaterThan(0);
        const expected: Buffer[] = [];
        for (const send of [...Object.values(METHODS), ...Object.values(FRAMED)]) {
          for (const size of [...SIZES, LONG_SIZES[0]!]) {
            expected.push(content(size, expected.length));
            const { bytes, tamper } = TAMPERING['is overwritten']!(expected.at(-1)!);
            send(from, bytes);
            tamper();
          }
        }
        for (const make of Object.values(TAMPERING)) {
          expected.push(content(100_000, expected.length));
          const { bytes, tamper } = make(expected.at(-1)!);
          from.send(bytes);
          tamper();
        }
        expected.push(content(LONG_SIZES[1]!, expected.length));
        const { bytes, tamper } = TAMPERING['is overwritten']!(expected.at(-1)!);
        from.send(bytes);
        tamper();
        const arrived = nextMessages(to, 1 + expected.length);
        to.resume();
        const [, ...messages] = await arrived;
        const isWrong = (bytes: Buffer, index: number) => !bytes.equals(messages[index]!.data as Buffer);
        expect(expected.filter(isWrong).map(({ length }) => length)).toEqual([]);
      }
    });

    test('a long message arrives as it was sent if its bytes change after its callback', async () => {
      for (const [from, to] of directions(await meeting.meet())) {
        for (const size of LONG_SIZES) {
          const expected = content(size, 1);
          const arrived = nextMessages(to, 1);
          const { bytes, tamper } = TAMPERING['is overwritten']!(expected);
          from.send(bytes, tamper);
          expect(expected.equals((await arrived)[0]!.data as Buffer)).toBe(true);
        }
      }
    });
  });
});

describe('ws without compression', () => {
  eachTransport(control.server, (meeting) => {
    test('sends the original bytes of a message that is overwritten while nothing waits', async () => {
      for (const [from, to] of directions(await meeting.meet())) {
        await sendAndTamper(from, to, METHODS['as a view']!, TAMPERING['is overwritten']!);
      }
    });
  });
});
