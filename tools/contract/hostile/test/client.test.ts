// Attacks of a server on a client: invalid answers to the upgrade request, false lengths, and messages that inflate to very many bytes.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { head, upgradeResponse } from '../../src/raw.ts';
import { ClientVictim } from '../src/client-victim.ts';
import { bomb, frame, MiB, times } from '../src/frames.ts';

let victim: ClientVictim;
beforeAll(async () => {
  victim = await ClientVictim.start();
  await victim.isServed();
});
beforeEach(() => victim.measure());
afterEach(() => victim.isServed());
afterAll(() => {
  victim.stop();
});

const MESSAGE = { opcode: 0x1, payload: 'too early', masked: false };

describe('a client never opens if the server answers with', () => {
  const valid = (key: string): string => upgradeResponse(key);
  test.each<[string, (key: string) => string]>([
    ['200 and otherwise valid headers', (key) => valid(key).replace('101 Switching Protocols', '200 OK')],
    [
      '102 and otherwise valid headers',
      (key) => valid(key).replace('101 Switching Protocols', '102 Processing'),
    ],
    ['no Upgrade', (key) => valid(key).replace('Upgrade: websocket\r\n', '')],
    ['another Upgrade', (key) => valid(key).replace('Upgrade: websocket', 'Upgrade: h2c')],
    ['no Connection', (key) => valid(key).replace('Connection: Upgrade\r\n', '')],
    ['no Sec-WebSocket-Accept', (key) => valid(key).replace(/Sec-WebSocket-Accept.*\r\n/, '')],
    ['the Sec-WebSocket-Accept of another key', () => valid('AAAAAAAAAAAAAAAAAAAAAA==')],
    [
      'the key as the value of Sec-WebSocket-Accept',
      (key) => valid(key).replace(/Accept: .*/, `Accept: ${key}`),
    ],
    [
      'a subprotocol that the client did not request',
      (key) => upgradeResponse(key, 'Sec-WebSocket-Protocol: chat'),
    ],
    ['something other than HTTP', () => 'SSH-2.0-server\r\n\r\n'],
    [
      'the required headers after 2,000 others',
      (key) => {
        const [status = '', ...lines] = valid(key).trimEnd().split('\r\n');
        return head(status, ...Array.from({ length: 2100 }, (_, i) => `X-${i}: y`), ...lines);
      },
    ],
    ['a head of 1 MiB', (key) => upgradeResponse(key, `X: ${'y'.repeat(MiB)}`)],
  ])('%s', async (_title, respond) => {
    const { attacker, outcome } = await victim.meet(respond);
    attacker.sayFrame(MESSAGE);
    // Some answers have no end, for which the client would wait. It does not matter which side closes first.
    attacker.end();
    expect(await outcome).toMatchObject({ opened: false, messages: 0, error: expect.stringMatching(/./) });
  });

  test.each([
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; server_max_window_bits=99',
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; client_max_window_bits=7',
    'permessage-deflate; client_max_window_bits=16',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; constructor',
    'permessage-deflate, permessage-deflate',
    'constructor',
    '__proto__',
  ])('the extensions %s', async (extensions) => {
    const { attacker, outcome } = await victim.upgrade({}, `Sec-WebSocket-Extensions: ${extensions}`);
    attacker.sayFrame(MESSAGE);
    expect(await outcome).toMatchObject({
      opened: false,
      messages: 0,
      error: expect.stringMatching(/^WS_ERR_/),
    });
  });
});

describe('a length of 64 bits', () => {
  test.each([
    ['2^31', 2n ** 31n, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'],
    ['2^32', 2n ** 32n, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'],
    ['2^53 - 1', 2n ** 53n - 1n, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'],
    ['2^53', 2n ** 53n, 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH'],
    ['2^63', 2n ** 63n, 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH'],
    ['2^64 - 1', 2n ** 64n - 1n, 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH'],
  ])('of %s is refused with 1009, whole and a byte at a time', async (_name, length, error) => {
    for (const chunkSize of [10, 1]) {
      const { attacker, outcome } = await victim.upgrade();
      await attacker.pour(frame({ opcode: 0x2, length, masked: false }), chunkSize);
      expect(await attacker.refusedWith()).toBe(1009);
      expect(await outcome).toEqual({ opened: true, messages: 0, error });
    }
  });

  test('that is valid allocates no memory', async () => {
    const encounters = [];
    for (let count = 0; count < 20; count++) {
      const { attacker, outcome } = await victim.upgrade();
      // The first byte of the payload, because memory is not allocated before that.
      attacker.sayFrame({ opcode: 0x2, length: 100 * MiB, payload: 'x', masked: false });
      encounters.push({ attacker, outcome });
    }
    await victim.isServed();
    // Memory that is allocated but never touched counts as held, but not in the peak.
    expect((await victim.growth()).held).toBeLessThan(4 * MiB);
    expect((await victim.growth()).peak).toBeLessThan(64 * MiB);
    for (const { attacker, outcome } of encounters) {
      attacker.destroy();
      expect((await outcome).messages).toBe(0);
    }
  });
});

describe('a deflate bomb of 1 GiB', () => {
  const gibibyte = bomb(1024).subarray(0, MiB / 2);
  const meetInflating = () =>
    victim.upgrade({ maxPayload: MiB }, 'Sec-WebSocket-Extensions: permessage-deflate');

  test.each([
    ['in one frame', [gibibyte]],
    ['in fragments', Array.from({ length: 64 }, (_, i) => gibibyte.subarray(i * 8192, (i + 1) * 8192))],
  ])('%s is stopped at maxPayload with 1009', async (_how, fragments) => {
    const { attacker, outcome } = await meetInflating();
    for (const [index, payload] of fragments.entries()) {
      const first = index === 0;
      const fin = index === fragments.length - 1;
      attacker.sayFrame({ opcode: first ? 0x2 : 0x0, rsv1: first, fin, payload, masked: false });
    }
    expect(await attacker.refusedWith()).toBe(1009);
    expect(await outcome).toEqual({ opened: true, messages: 0, error: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' });
    expect((await victim.growth()).peak).toBeLessThan(48 * MiB);
  });

  test('does not affect messages on another connection', async () => {
    const { attacker, outcome } = await meetInflating();
    attacker.sayFrame({ opcode: 0x2, rsv1: true, payload: bomb(1), masked: false });
    attacker.sayFrame({ opcode: 0x8, masked: false });
    expect((await attacker.hearFrame()).opcode).toBe(0x8);
    attacker.end();
    expect(await outcome).toEqual({ opened: true, messages: 1, error: '' });
  });
});

test('a client refuses masked frames with 1002', async () => {
  const { attacker, outcome } = await victim.upgrade();
  attacker.sayFrame({ opcode: 0x1, payload: 'masked' });
  expect(await attacker.refusedWith()).toBe(1002);
  expect(await outcome).toEqual({ opened: true, messages: 0, error: 'WS_ERR_UNEXPECTED_MASK' });
});

test('a message in 300,000 fragments of a byte takes a client little memory', async () => {
  const { attacker, outcome } = await victim.upgrade();
  attacker.sayFrame({ opcode: 0x1, fin: false, payload: 'x', masked: false });
  const fragment = frame({ opcode: 0x0, fin: false, payload: 'x', masked: false });
  await attacker.pour(times(299_999, fragment), 64 * 1024);
  attacker.sayFrame({ opcode: 0x9, payload: 'read?', masked: false });
  expect((await attacker.hearFrame()).opcode).toBe(0xa);
  expect((await victim.growth()).held).toBeLessThan(4 * MiB);
  attacker.sayFrame({ opcode: 0x0, masked: false });
  attacker.sayFrame({ opcode: 0x8, masked: false });
  expect((await attacker.hearFrame()).opcode).toBe(0x8);
  attacker.end();
  expect(await outcome).toEqual({ opened: true, messages: 1, error: '' });
});

test('a client gives up on a server that never answers, and on one that never closes', async () => {
  const silent = await victim.meet(() => '', { handshakeTimeout: 200 });
  expect(await silent.outcome).toMatchObject({
    opened: false,
    error: expect.stringMatching(/timed out|TIME/i),
  });
  const endless = await victim.upgrade({ closeTimeout: 200 });
  endless.attacker.sayFrame({ opcode: 0x8, masked: false });
  expect(await endless.outcome).toMatchObject({ opened: true, error: '' });
});
