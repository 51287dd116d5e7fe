// `Receiver` of framewire and `ws`: bytes in, events out.
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { modules, type WsModule } from './beside-ws.ts';

type Receiver = InstanceType<WsModule['Receiver']>;

/** Bytes from hexadecimal digits; ignores spaces. */
function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex');
}

/** The events of a receiver, one line each. */
function watch(receiver: Receiver): string[] {
  const lines: string[] = [];
  receiver.on('message', (data: Buffer, isBinary: boolean) =>
    lines.push(`message ${data.toString()} ${isBinary}`),
  );
  receiver.on('ping', (data: Buffer) => lines.push(`ping ${data.toString()}`));
  receiver.on('pong', (data: Buffer) => lines.push(`pong ${data.toString()}`));
  receiver.on('conclude', (code: number, reason: Buffer) =>
    lines.push(`conclude ${code} ${reason.toString()}`),
  );
  receiver.on('error', (error: Error & { code?: string }) => lines.push(`${String(error)} ${error.code}`));
  return lines;
}

describe.each(modules)('Receiver of %s', (_name, { Receiver, PerMessageDeflate }) => {
  test('emits messages, pings and pongs, then the close frame', async () => {
    const receiver = new Receiver();
    const lines = watch(receiver);
    receiver.write(hex('8102 6869  0201 61 8900 8001 62  8a01 63'));
    receiver.write(hex('8805 03e8 627965'));
    await once(receiver, 'finish');
    expect(lines).toEqual(['message hi false', 'ping ', 'message ab true', 'pong c', 'conclude 1000 bye']);
  });

  test('reads bytes one at a time, and unmasks those of a client', async () => {
    const receiver = new Receiver({ isServer: true });
    const lines = watch(receiver);
    for (const byte of hex('8182 01010101 6968  8880 01010101')) receiver.write(Buffer.of(byte));
    await once(receiver, 'finish');
    expect(lines).toEqual(['message hi false', 'conclude 1005 ']);
  });

  test.each([
    [
      'a frame that is not masked',
      { isServer: true },
      '8100',
      'RangeError: Invalid WebSocket frame: MASK must be set WS_ERR_EXPECTED_MASK',
    ],
    [
      'an opcode that does not exist',
      {},
      '8300',
      'RangeError: Invalid WebSocket frame: invalid opcode 3 WS_ERR_INVALID_OPCODE',
    ],
    [
      'a message that is too long',
      { maxPayload: 1 },
      '8102',
      'RangeError: Max payload size exceeded WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    ],
    [
      'text that is not UTF-8',
      {},
      '8101 ff',
      'Error: Invalid WebSocket frame: invalid UTF-8 sequence WS_ERR_INVALID_UTF8',
    ],
  ])('fails with %s', async (_what, options, bytes, line) => {
    const receiver = new Receiver(options);
    const lines = watch(receiver);
    receiver.write(hex(bytes));
    await once(receiver, 'error');
    expect(lines).toEqual([line]);
  });

  test('emits binary messages by binaryType', async () => {
    const given = async (binaryType: 'arraybuffer' | 'fragments'): Promise<unknown> => {
      const receiver = new Receiver({ binaryType });
      const message = once(receiver, 'message');
      receiver.write(hex('0201 61 8001 62'));
      return (await message)[0];
    };
    expect(await given('arraybuffer')).toEqual(new Uint8Array([0x61, 0x62]).buffer);
    expect(await given('fragments')).toEqual([Buffer.from('a'), Buffer.from('b')]);
  });

  test('inflates messages if compression was negotiated', async () => {
    const deflate = new PerMessageDeflate();
    deflate.accept([{}]);
    const receiver = new Receiver({ extensions: { 'permessage-deflate': deflate } });
    const message = once(receiver, 'message');
    // The example of RFC 7692 §7.2.3.1.
    receiver.write(hex('c107 f248cdc9c90700'));
    expect(String((await message)[0])).toBe('Hello');
    deflate.cleanup();
  });

  test('emits one event per turn with allowSynchronousEvents: false', async () => {
    const receiver = new Receiver({ allowSynchronousEvents: false });
    const lines = watch(receiver);
    receiver.write(hex('8101 61 8101 62'));
    const now = [...lines];
    while (lines.length < 2) await once(receiver, 'message');
    expect([now.length < 2, ...lines]).toEqual([true, 'message a false', 'message b false']);
  });
});
