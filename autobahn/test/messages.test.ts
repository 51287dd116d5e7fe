import { describe, expect, test } from 'vitest';
import { FrameReader, chop, encodeFrame, freshMask } from '../src/frames.ts';
import { MessageReader } from '../src/messages.ts';
import type { Frame } from '../src/frames.ts';
import type { MessageRules } from '../src/messages.ts';

const server: MessageRules = { masked: false, compression: false };

/** Reads octets by the rules. Returns the messages, pongs and violations that were reported, a line for each. */
function read(chunks: readonly Buffer[], rules: MessageRules = server): string[] {
  const reported: string[] = [];
  const messages = new MessageReader(
    {
      frame: () => {},
      message: (opcode, payload) => reported.push(`message ${opcode} ${payload.toString('hex')}`),
      ping: () => {},
      pong: (payload) => reported.push(`pong ${payload.toString('hex')}`),
      peerClose: () => {},
      violation: (code, why) => reported.push(`${code} ${why}`),
    },
    rules,
  );
  const frames = new FrameReader(messages);
  for (const chunk of chunks) frames.push(chunk);
  return reported;
}

function frame(opcode: number, hex: string, { fin = true, rsv = 0 } = {}): Frame {
  return { opcode, fin, rsv, payload: Buffer.from(hex, 'hex') };
}

function octets(...frames: Frame[]): Buffer {
  return Buffer.concat(frames.map((one) => encodeFrame(one, null)));
}

const NOT_TEXT = '1007 a text message is not UTF-8';

describe('the message reader', () => {
  test('reports every rule that a frame breaks', () => {
    const bad = encodeFrame(frame(11, '00'.repeat(126), { fin: false, rsv: 2 }), freshMask());
    expect(read([bad])).toEqual([
      '1002 a reserved bit is set',
      '1002 a frame is masked',
      '1002 a control frame is fragmented',
      '1002 a control frame is longer than 125 octets',
      '1002 the opcode is reserved',
    ]);
  });

  test('reports each of several masked frames, and still reads a pong among them', () => {
    const masked = [frame(1, '41'), frame(10, '42')].map((one) => encodeFrame(one, freshMask()));
    expect(read(masked)).toEqual([
      '1002 a frame is masked',
      'message 1 41',
      '1002 a frame is masked',
      'pong 42',
    ]);
  });

  test('checks the first two octets again with each chunk of the header', () => {
    const masked = encodeFrame(frame(10, ''), freshMask());
    expect(read(chop(masked, 1)).filter((line) => line === '1002 a frame is masked')).toHaveLength(5);
  });

  test('reports text that is not UTF-8 at its first wrong octet, at every later chunk, and at its end', () => {
    const bad = octets(frame(1, 'ff', { fin: false }), frame(0, '41', { fin: false }), frame(0, ''));
    expect(read([bad])).toEqual([NOT_TEXT, NOT_TEXT, NOT_TEXT, 'message 1 ff41']);
  });

  test('reports text that ends inside a character once', () => {
    expect(read([octets(frame(1, 'c3'))])).toEqual([NOT_TEXT, 'message 1 c3']);
  });

  test('treats a continuation with nothing to continue as the start of a message', () => {
    expect(read([octets(frame(0, '41', { fin: false }), frame(1, '42'))])).toEqual([
      '1002 a continuation frame has nothing to continue',
      '1002 a message begins inside another one',
      'message 0 4142',
    ]);
  });

  test.each([
    ['817e007d', 'the length is not in its shortest form'],
    ['817f000000000000ffff', 'the length is not in its shortest form'],
    ['817f8000000000000000', 'the most significant bit of the length is set'],
  ])('reports the header %s: %s', (hex, why) => {
    expect(read([Buffer.from(hex, 'hex')])).toEqual([`1002 ${why}`]);
  });

  test('allows RSV1 only on the first frame of a compressed message', () => {
    const rules = { masked: false, compression: true };
    const message = [frame(2, '41', { fin: false, rsv: 4 }), frame(0, '42', { rsv: 4 })];
    expect(read([octets(...message)], rules)).toEqual([
      '1002 RSV1 is set inside a message',
      'message 2 4142',
    ]);
    expect(read([octets(frame(10, '', { rsv: 4 }))], rules)).toEqual([
      '1002 a control frame is compressed',
      'pong ',
    ]);
    expect(read([octets(frame(2, '41', { rsv: 5 }))], rules)[0]).toBe('1002 a reserved bit is set');
  });

  test('delivers no message after discard(), but still checks text', () => {
    const reported: string[] = [];
    const messages = new MessageReader(
      {
        frame: () => {},
        message: () => reported.push('message'),
        ping: () => {},
        pong: () => reported.push('pong'),
        peerClose: () => {},
        violation: (code) => {
          reported.push(String(code));
          messages.discard();
        },
      },
      server,
    );
    new FrameReader(messages).push(octets(frame(3, ''), frame(1, '41'), frame(10, ''), frame(1, 'ff')));
    expect(reported).toEqual(['1002', 'pong', '1007', '1007']);
  });
});
