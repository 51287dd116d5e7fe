// The wire. One side sends literal bytes (RFC 6455 §5). The other is an implementation, whose events and answers are checked.
import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { bytes, maskedFrame, meetRawClient, meetRawServer, type RawMeeting } from '../src/raw.ts';
import type { Meeting, MeetingOptions } from '../src/meeting.ts';
import { catchNextException } from '../src/uncaught.ts';
import { eachPeerAndTransport } from './each.ts';

/** The side under test, and how a raw peer connects to it. */
interface Role {
  readonly name: 'server' | 'client';
  meet(meeting: Meeting, options?: MeetingOptions, together?: Buffer): Promise<RawMeeting>;
  /** A frame as this role's peer must send it: only a client masks (§5.1). */
  frame(header: string, payload?: string): Buffer;
  /** Unmasks what this role sends, in hex. */
  unmask(digits: string): string;
}

/** Unmasks frames of at most 125 bytes, all of which must have the mask bit. */
function unmask(digits: string): string {
  const data = bytes(digits);
  const frames: string[] = [];
  for (let at = 0; at < data.length;) {
    const length = data[at + 1]! & 0x7f;
    expect(data[at + 1]! & 0x80).toBe(0x80);
    const key = data.subarray(at + 2, at + 6);
    const payload = data.subarray(at + 6, at + 6 + length).map((byte, index) => byte ^ key[index % 4]!);
    frames.push(Buffer.concat([Buffer.from([data[at]!, length]), payload]).toString('hex'));
    at += 6 + length;
  }
  return frames.join('');
}

const roles: readonly Role[] = [
  {
    name: 'server',
    meet: meetRawClient,
    frame: maskedFrame,
    unmask: (d) => d,
  },
  {
    name: 'client',
    meet: meetRawServer,
    frame: (header, payload = '') => Buffer.concat([bytes(header), bytes(payload)]),
    unmask,
  },
];

/** What a connection emits until it has closed, a line for each event. */
function eventsOf(ws: WebSocket): Promise<string[]> {
  const events: string[] = [];
  ws.on('open', () => events.push('open'));
  ws.on('message', (data, isBinary) =>
    events.push(`message ${(data as Buffer).toString('hex')} ${isBinary}`),
  );
  ws.on('ping', (data) => events.push(`ping ${data.toString('hex')}`.trim()));
  ws.on('pong', (data) => events.push(`pong ${data.toString('hex')}`.trim()));
  ws.on('error', (error: Error & { code?: string }) => {
    events.push(`${error.name} ${String(error.code)}: ${error.message}`);
  });
  return new Promise((resolve) => {
    ws.on('close', (code, reason) => {
      events.push(`close ${code} ${reason.toString()}`.trim());
      resolve(events);
    });
  });
}

/** A violation of the protocol: frames (header, payload), the error, and the close code on the wire. */
interface Breach {
  readonly rule: string;
  readonly frames: readonly (readonly [header: string, payload?: string])[];
  readonly error: string;
  readonly answer: string;
  readonly options?: { maxPayload: number };
  readonly before?: readonly string[];
}

const C1002 = '880203ea';
const C1007 = '880203ef';
const C1009 = '880203f1';

const UTF8 = 'Error WS_ERR_INVALID_UTF8: Invalid WebSocket frame: invalid UTF-8 sequence';
const RSV23 = 'RangeError WS_ERR_UNEXPECTED_RSV_2_3: Invalid WebSocket frame: RSV2 and RSV3 must be clear';
const RSV1 = 'RangeError WS_ERR_UNEXPECTED_RSV_1: Invalid WebSocket frame: RSV1 must be clear';
const FIN = 'RangeError WS_ERR_EXPECTED_FIN: Invalid WebSocket frame: FIN must be set';
const CODE = 'RangeError WS_ERR_INVALID_CLOSE_CODE: Invalid WebSocket frame: invalid status code';
const CONTROL =
  'RangeError WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH: Invalid WebSocket frame: invalid payload length';
const TOO_BIG = 'RangeError WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: Max payload size exceeded';
const TOO_LONG =
  'RangeError WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: Unsupported WebSocket frame: payload length > 2^53 - 1';

function opcode(number: number): string {
  return `RangeError WS_ERR_INVALID_OPCODE: Invalid WebSocket frame: invalid opcode ${number}`;
}

const breaches: readonly Breach[] = [
  { rule: 'RSV1 without an extension', frames: [['c101', '61']], error: RSV1, answer: C1002 },
  { rule: 'RSV2', frames: [['a101', '61']], error: RSV23, answer: C1002 },
  { rule: 'RSV3', frames: [['9101', '61']], error: RSV23, answer: C1002 },
  { rule: 'RSV1 in a ping', frames: [['c900']], error: RSV1, answer: C1002 },
  { rule: 'RSV2 in a close frame', frames: [['a800']], error: RSV23, answer: C1002 },
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((number) => ({
    rule: `the reserved opcode ${number}`,
    frames: [[`8${number.toString(16)}00`]] as const,
    error: opcode(number),
    answer: C1002,
  })),
  {
    rule: 'a continuation without a message to continue',
    frames: [['8001', '61']],
    error: opcode(0),
    answer: C1002,
  },
  {
    rule: 'a message inside a message',
    frames: [
      ['0101', '61'],
      ['8101', '62'],
    ],
    error: opcode(1),
    answer: C1002,
  },
  {
    rule: 'a binary message inside a text',
    frames: [
      ['0101', '61'],
      ['8201', '62'],
    ],
    error: opcode(2),
    answer: C1002,
  },
  { rule: 'a ping in fragments', frames: [['0900']], error: FIN, answer: C1002 },
  { rule: 'a close frame in fragments', frames: [['0800']], error: FIN, answer: C1002 },
  {
    rule: 'a ping of 126 bytes',
    frames: [['897e007e', '00'.repeat(126)]],
    error: `${CONTROL} 126`,
    answer: C1002,
  },
  {
    rule: 'a ping with a length of 64 bits',
    frames: [['897f0000000000010000']],
    error: `${CONTROL} 127`,
    answer: C1002,
  },
  { rule: 'a close frame of 1 byte', frames: [['8801', '03']], error: `${CONTROL} 1`, answer: C1002 },
  ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535].map((code) => ({
    rule: `the close code ${code}`,
    frames: [['8802', code.toString(16).padStart(4, '0')]] as const,
    error: `${CODE} ${code}`,
    answer: C1002,
  })),
  { rule: 'a close reason that is not UTF-8', frames: [['8804', '03e8c328']], error: UTF8, answer: C1007 },
  { rule: 'text that is not UTF-8', frames: [['8102', 'c328']], error: UTF8, answer: C1007 },
  { rule: 'text with a surrogate', frames: [['8103', 'eda080']], error: UTF8, answer: C1007 },
  { rule: 'text with an overlong form', frames: [['8102', 'c080']], error: UTF8, answer: C1007 },
  { rule: 'text beyond U+10FFFF', frames: [['8104', 'f4908080']], error: UTF8, answer: C1007 },
  { rule: 'text that ends inside a character', frames: [['8102', 'e282']], error: UTF8, answer: C1007 },
  {
    rule: 'fragments that end inside a character',
    frames: [
      ['0101', 'e2'],
      ['8001', '82'],
    ],
    error: UTF8,
    answer: C1007,
  },
  {
    rule: 'a message over maxPayload',
    frames: [['8115', '61'.repeat(21)]],
    error: TOO_BIG,
    answer: C1009,
    options: { maxPayload: 20 },
  },
  {
    rule: 'a length over maxPayload of a payload that never comes',
    frames: [['827f0000000080000000']],
    error: TOO_BIG,
    answer: C1009,
    options: { maxPayload: 20 },
  },
  {
    rule: 'fragments that together are over maxPayload',
    frames: [
      ['020b', '61'.repeat(11)],
      ['800b', '61'.repeat(11)],
    ],
    error: TOO_BIG,
    answer: C1009,
    options: { maxPayload: 20 },
  },
  { rule: 'a length of 2^53', frames: [['827f0020000000000000']], error: TOO_LONG, answer: C1009 },
  { rule: 'a length of 2^64 - 1', frames: [['827fffffffffffffffff']], error: TOO_LONG, answer: C1009 },
  {
    rule: 'a breach after a message and a ping',
    frames: [['8102', '6f6b'], ['8900'], ['8300']],
    before: ['message 6f6b false', 'ping'],
    error: opcode(3),
    answer: `8a00${C1002}`,
  },
];

eachPeerAndTransport((meeting) => {
  describe.each(roles)('the $name', (role) => {
    const optionsOf = (options: object): MeetingOptions => ({ [role.name]: options });

    test.each(breaches)('answers $rule with an error and the close code', async (breach) => {
      const { ws, raw } = await role.meet(meeting, optionsOf(breach.options ?? {}));
      const events = eventsOf(ws);
      raw.say(Buffer.concat(breach.frames.map(([header, payload]) => role.frame(header, payload))));
      const answer = await raw.hear(
        role.name === 'client' ? answerSize(breach.answer) : breach.answer.length / 2,
      );
      expect(role.unmask(answer)).toBe(breach.answer);
      raw.end();
      expect(await events).toEqual([...(breach.before ?? []), breach.error, 'close 1006']);
    });

    test('answers wrongly masked or unmasked frames with an error and 1002', async () => {
      const { ws, raw } = await role.meet(meeting);
      const events = eventsOf(ws);
      // A client's frames are masked and a server's are not (§5.1). Here it is the reverse.
      raw.say(role.name === 'server' ? '810161' : maskedFrame('8101', '61'));
      const answer = await raw.hear(role.name === 'server' ? 4 : 8);
      expect(role.unmask(answer)).toBe(C1002);
      raw.end();
      const [error, close] = await events;
      const [code, word] = role.name === 'server' ? ['EXPECTED', 'set'] : ['UNEXPECTED', 'clear'];
      expect(error).toBe(`RangeError WS_ERR_${code}_MASK: Invalid WebSocket frame: MASK must be ${word}`);
      expect(close).toBe('close 1006');
    });

    test('throws the error if no listener handles it, and still closes', async () => {
      const { ws, raw } = await role.meet(meeting);
      const thrown = new Promise<unknown>((resolve) => catchNextException(resolve));
      const code = new Promise((resolve) => ws.on('close', resolve));
      raw.say(role.frame('8300'));
      expect(await thrown).toMatchObject({ code: 'WS_ERR_INVALID_OPCODE' });
      expect(role.unmask(await raw.hear(role.name === 'server' ? 4 : 8))).toBe(C1002);
      raw.end();
      expect(await code).toBe(1006);
    });

    test('accepts every valid close code, and answers with it', async () => {
      for (const code of [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 4999]) {
        const { ws, raw } = await role.meet(meeting);
        const events = eventsOf(ws);
        const payload = `${code.toString(16).padStart(4, '0')}6f6b`;
        raw.say(role.frame('8804', payload));
        expect(role.unmask(await raw.hear(role.name === 'server' ? 6 : 10))).toBe(`8804${payload}`);
        raw.end();
        expect(await events).toEqual([`close ${code} ok`]);
      }
    });

    test('emits 1005 for a close frame without a code, and answers without one', async () => {
      const { ws, raw } = await role.meet(meeting);
      const events = eventsOf(ws);
      raw.say(role.frame('8800'));
      expect(role.unmask(await raw.hear(role.name === 'server' ? 2 : 6))).toBe('8800');
      raw.end();
      expect(await events).toEqual(['close 1005']);
    });

    test('ignores everything after a close frame', async () => {
      const { ws, raw } = await role.meet(meeting);
      const events = eventsOf(ws);
      raw.say(Buffer.concat([role.frame('880203e8'.slice(0, 4), '03e8'), role.frame('8101', '61')]));
      raw.end();
      expect(await events).toEqual(['close 1000']);
    });

    test('emits 1006 and no message when the connection ends within a message', async () => {
      for (const cut of ['end', 'destroy'] as const) {
        const { ws, raw } = await role.meet(meeting);
        const closed = eventsOf(ws);
        const whole = role.frame('8105', '68656c6c6f');
        raw.say(Buffer.concat([role.frame('0102', '6f6b'), whole.subarray(0, whole.length - 1)]));
        raw.say(role.frame('8900'));
        if (cut === 'end') raw.end();
        else setImmediate(() => raw.destroy());
        const events = await closed;
        expect(events.at(-1)).toBe('close 1006');
        expect(events.filter((event) => event.startsWith('message'))).toEqual([]);
      }
    });

    test('reads a message that arrives a byte at a time', async () => {
      const { ws, raw } = await role.meet(meeting);
      const events = eventsOf(ws);
      const stream = Buffer.concat([
        role.frame('817e0080', '61'.repeat(128)),
        role.frame('0103', 'f09f98'),
        role.frame('8903', '010203'),
        role.frame('8001', '80'),
        role.frame('8802', '03e8'),
      ]);
      for (const byte of stream) {
        raw.say(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      raw.end();
      expect(await events).toEqual([
        `message ${'61'.repeat(128)} false`,
        'ping 010203',
        'message f09f9880 false',
        'close 1000',
      ]);
    });

    test('loses no bytes that arrive in the same write as the handshake', async () => {
      const together = Buffer.concat([
        role.frame('8105', '6561726c79'),
        role.frame('8900'),
        role.frame('8201', '62'),
        role.frame('8802', '03e8'),
      ]);
      let events = Promise.resolve(['nothing']);
      const greet = (ws: WebSocket): void => {
        events = eventsOf(ws);
      };
      const { raw } = await role.meet(meeting, { greet }, together);
      raw.end();
      const opened = role.name === 'client' ? ['open'] : [];
      expect(await events).toEqual([
        ...opened,
        'message 6561726c79 false',
        'ping',
        'message 62 true',
        'close 1000',
      ]);
    });

    test('emits the messages of one segment in one turn', async () => {
      const { ws, raw } = await role.meet(meeting);
      let turn = 0;
      const turns: number[] = [];
      const events = new Promise<void>((resolve) => {
        ws.on('message', () => {
          turns.push(turn);
          setImmediate(() => turn++);
          if (turns.length === 3) resolve();
        });
      });
      raw.say(Buffer.concat([role.frame('8101', '61'), role.frame('8101', '62'), role.frame('8101', '63')]));
      await events;
      expect(turns).toEqual([0, 0, 0]);
    });

    test('emits the other messages of the segment after terminate() in a message listener', async () => {
      const { ws, raw } = await role.meet(meeting);
      const events = eventsOf(ws);
      ws.once('message', () => ws.terminate());
      raw.say(Buffer.concat([role.frame('8101', '61'), role.frame('8101', '62'), role.frame('8101', '63')]));
      expect(await events).toEqual([
        'message 61 false',
        'message 62 false',
        'message 63 false',
        'close 1006',
      ]);
    });

    test('ends the connection after closeTimeout when the peer never answers a close frame', async () => {
      const { ws, raw } = await role.meet(meeting, optionsOf({ closeTimeout: 50 }));
      const events = eventsOf(ws);
      ws.close(1000);
      expect(role.unmask(await raw.hear(role.name === 'server' ? 4 : 8))).toBe('880203e8');
      expect(await events).toEqual(['close 1006']);
    });

    test('writes the shortest form of a length', async () => {
      const { ws, raw } = await role.meet(meeting);
      const bit = role.name === 'client' ? 0x80 : 0;
      const key = role.name === 'client' ? 4 : 0;
      for (const [size, header] of [
        [0, [0x82, bit]],
        [125, [0x82, 125 | bit]],
        [126, [0x82, 126 | bit, 0, 126]],
        [65535, [0x82, 126 | bit, 255, 255]],
        [65536, [0x82, 127 | bit, 0, 0, 0, 0, 0, 1, 0, 0]],
      ] as const) {
        ws.send(Buffer.alloc(size));
        expect(await raw.hear(header.length)).toBe(Buffer.from(header).toString('hex'));
        await raw.hear(key + size);
      }
    });
  });
});

/** The length of unmasked frames of at most 125 bytes after each gets a masking key. */
function answerSize(answer: string): number {
  const data = bytes(answer);
  let size = 0;
  for (let at = 0; at < data.length; at += 2 + data[at + 1]!) size += 6 + data[at + 1]!;
  return size;
}
