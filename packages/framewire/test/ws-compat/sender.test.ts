// `Sender` of framewire and `ws`: encodes frames once, and sends on any stream.
import { duplexPair, type Duplex } from 'node:stream';
import { constants, inflateRawSync } from 'node:zlib';
import { readBytes } from '@framewire/testing';
import { describe, expect, test } from 'vitest';
import { modules } from './beside-ws.ts';

function hex(buffers: readonly Uint8Array[]): string[] {
  return buffers.map((buffer) => Buffer.from(buffer).toString('hex'));
}

/** Reads the given number of bytes. */
async function received(stream: Duplex, count: number): Promise<Buffer> {
  const bytes = await readBytes(stream, count);
  expect(stream.readableLength).toBe(0);
  return bytes;
}

describe.each(modules)('Sender of %s', (_name, { Sender, PerMessageDeflate }) => {
  describe('frame()', () => {
    test('returns header and payload', () => {
      const frame = Sender.frame(Buffer.from('hello'), { fin: true, opcode: 1, rsv1: false, mask: false });
      expect(hex(frame)).toEqual(['8105', '68656c6c6f']);
    });

    test('encodes text, the bit of an extension and the fragments of a message', () => {
      expect(hex(Sender.frame('é', { opcode: 1, rsv1: true }))).toEqual(['4102', 'c3a9']);
      expect(hex(Sender.frame(Buffer.of(7), { fin: true, opcode: 0 }))).toEqual(['8001', '07']);
    });

    test('encodes longer lengths in 16 and 64 bits', () => {
      const header = (length: number): string | undefined =>
        hex(Sender.frame(Buffer.alloc(length), { fin: true, opcode: 2 }))[0];
      expect(header(125)).toBe('827d');
      expect(header(126)).toBe('827e007e');
      expect(header(65536)).toBe('827f0000000000010000');
    });

    test('masks in place, or masks a copy with readOnly', () => {
      const options = { fin: true, opcode: 2, mask: true, generateMask: (mask: Buffer) => mask.fill(1) };
      const payload = Buffer.from('0203', 'hex');
      expect(hex(Sender.frame(payload, { ...options, readOnly: true }))).toEqual(['8282010101010302']);
      expect(payload.toString('hex')).toBe('0203');
      const frame = Sender.frame(payload, options);
      expect(hex(frame)).toEqual(['828201010101', '0302']);
      expect(frame[1]).toBe(payload);
    });

    test.each(['', Buffer.alloc(0)])('returns only a header for an empty payload: %j', (payload) => {
      const generateMask = (mask: Buffer): unknown => mask.fill(1);
      expect(hex(Sender.frame(payload, { fin: true, opcode: 1 }))).toEqual(['8100']);
      for (const readOnly of [false, true]) {
        const frame = Sender.frame(payload, { fin: true, opcode: 1, mask: true, readOnly, generateMask });
        expect(hex(frame)).toEqual(['818001010101']);
      }
    });

    test('writes the key into the given buffer', () => {
      const maskBuffer = Buffer.alloc(4);
      const [header] = Sender.frame('', { fin: true, opcode: 1, mask: true, maskBuffer });
      expect(header?.subarray(2)).toEqual(maskBuffer);
    });
  });

  test('writes messages, control frames and encoded frames in the order of the calls', async () => {
    const [near, far] = duplexPair();
    const sender = new Sender(near);
    sender.send('one', { fin: true, binary: false });
    sender.ping(Buffer.from('two'), false);
    sender.sendFrame(Sender.frame('three', { fin: true, opcode: 1 }));
    sender.pong('four', false);
    await new Promise<void>((resolve) => {
      sender.close(1000, 'five', false, () => {
        resolve();
      });
    });
    const expected = '\x81\x03one\x89\x03two\x81\x05three\x8a\x04four\x88\x06\x03\xe8five';
    expect((await received(far, expected.length)).toString('latin1')).toBe(expected);
  });

  test('writes to a stream that is not a Node stream', async () => {
    const written: Buffer[] = [];
    const stream = {
      writableLength: 0,
      cork() {},
      uncork() {},
      write(chunk: Buffer, callback?: () => void) {
        written.push(Buffer.from(chunk));
        if (callback !== undefined) process.nextTick(callback);
        return true;
      },
    };
    const sender = new Sender(stream as unknown as Duplex);
    await new Promise<void>((resolve) => {
      sender.send('one', { fin: true, binary: false }, () => {
        resolve();
      });
    });
    expect(hex([Buffer.concat(written)])).toEqual(['81036f6e65']);
  });

  test('masks with the keys of generateMask', async () => {
    const [near, far] = duplexPair();
    const sender = new Sender(near, {}, (mask) => mask.fill(1));
    await new Promise<void>((resolve) => {
      sender.send(Buffer.from('0203', 'hex'), { fin: true, binary: true, mask: true }, () => {
        resolve();
      });
    });
    expect((await received(far, 8)).toString('hex')).toBe('8282010101010302');
  });

  test('compresses messages if compression was negotiated', async () => {
    const deflate = new PerMessageDeflate({ isServer: true });
    deflate.accept([{}]);
    const [near, far] = duplexPair();
    const sender = new Sender(near, { 'permessage-deflate': deflate });
    await new Promise<void>((resolve) => {
      sender.send('a'.repeat(20), { fin: true, binary: false, compress: true }, () => {
        resolve();
      });
    });
    const header = await readBytes(far, 2);
    expect(header[0]).toBe(0xc1);
    const payload = await received(far, header[1]!);
    expect(payload.length).toBeLessThan(10);
    expect(inflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).toString()).toBe('a'.repeat(20));
    deflate.cleanup();
  });

  test('calls the callbacks with an error if the stream is destroyed while a message is compressed', async () => {
    const deflate = new PerMessageDeflate({ isServer: true });
    deflate.accept([{}]);
    const [near] = duplexPair();
    const sender = new Sender(near, { 'permessage-deflate': deflate });
    const told = [Buffer.alloc(1024 * 1024), 'x'].map(
      (data) =>
        new Promise((resolve) => {
          sender.send(data, { fin: true, binary: true, compress: true }, resolve);
        }),
    );
    near.destroy();
    expect(await Promise.all(told)).toEqual([expect.any(Error), expect.any(Error)]);
    deflate.cleanup();
  });

  test('compares the length of a text in bytes with the threshold', async () => {
    const deflate = new PerMessageDeflate({ isServer: true, serverNoContextTakeover: true, threshold: 60 });
    deflate.accept([{}]);
    const [near, far] = duplexPair();
    const sender = new Sender(near, { 'permessage-deflate': deflate });
    const firstBytes: number[] = [];
    for (const text of ['é'.repeat(29), 'é'.repeat(30), 'a'.repeat(59), 'a'.repeat(60)]) {
      await new Promise<void>((resolve) => {
        sender.send(text, { fin: true, binary: false, compress: true }, () => {
          resolve();
        });
      });
      const header = await readBytes(far, 2);
      await received(far, header[1]!);
      firstBytes.push(header[0]!);
    }
    expect(firstBytes).toEqual([0x81, 0xc1, 0x81, 0xc1]);
    deflate.cleanup();
  });
});
