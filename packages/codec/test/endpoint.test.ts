// The endpoint: the protocol of one connection, bytes in and events out, for both roles.
import { describe, expect, test } from 'vitest';
import {
  Endpoint,
  type EndpointEvent,
  type EndpointOptions,
  type Extension,
  type OutgoingPart,
} from '@framewire/codec';
import { concat, hex, toHex } from './support/hex.ts';

/** An endpoint with masking keys of zeros, which leave payloads unchanged on the wire. */
function endpointOf(role: 'client' | 'server', options: Partial<EndpointOptions> = {}): Endpoint {
  return new Endpoint({ role, maskingKey: () => 0, ...options });
}

/** All events until more bytes are needed. */
function eventsOf(endpoint: Endpoint): EndpointEvent[] {
  const events: EndpointEvent[] = [];
  for (let event; (event = endpoint.next()) !== undefined;) events.push(event);
  return events;
}

function outputOf(endpoint: Endpoint): string[] {
  return endpoint.takeOutput().map(toHex);
}

/** An event as one string. */
function story(event: EndpointEvent): string {
  switch (event.type) {
    case 'message':
      return typeof event.data === 'string' ? `text ${event.data}` : `binary ${toHex(event.data)}`;
    case 'error':
      return `error ${(event.error as { code?: string }).code ?? event.error.message}`;
    case 'close':
      return `close ${event.code} "${event.reason}"${event.wasClean ? ', clean' : ''}`;
    default:
      return `${event.type} ${toHex(event.data)}`;
  }
}

function receive(endpoint: Endpoint, ...chunks: readonly string[]): string[] {
  return chunks.flatMap((chunk) => {
    endpoint.receive(hex(chunk));
    return eventsOf(endpoint).map(story);
  });
}

/** An extension that adds one to every byte, except in messages that start with "plain". */
function shifting(overrides: Partial<Extension> = {}): Extension {
  const shift = (data: string | Uint8Array, by: number): Uint8Array =>
    Uint8Array.from(typeof data === 'string' ? new TextEncoder().encode(data) : data, (byte) => byte + by);
  return {
    name: 'shifting',
    compress({ data, first }: OutgoingPart, done) {
      if (first && data === 'plain') done(null);
      else done(null, shift(data, 1));
    },
    decompress: (data, done) => done(null, shift(data, -1)),
    close: () => undefined,
    ...overrides,
  };
}

// A server reads masked frames, a client reads unmasked ones.
const READING = [
  ['server', (frame: string, payload = '') => `${mask(frame)} 00000000 ${payload}`],
  ['client', (frame: string, payload = '') => `${frame} ${payload}`],
] as const;

/** The two bytes of a short header with the MASK bit set. */
function mask(header: string): string {
  return toHex(hex(header).map((byte, index) => (index === 1 ? byte | 0x80 : byte)));
}

describe.each(READING)('a %s', (role, frame) => {
  test('emits text as strings and binary data as bytes (§5.6)', () => {
    const endpoint = endpointOf(role);
    expect(receive(endpoint, frame('8103', 'e282ac'), frame('8202', 'ff00'))).toEqual([
      'text €',
      'binary ff00',
    ]);
    expect(endpoint.state).toBe('open');
  });

  test('keeps a leading U+FEFF of a text', () => {
    expect(receive(endpointOf(role), frame('8104', 'efbbbf61'))).toEqual(['text \ufeffa']);
  });

  test('assembles fragments with control frames between them, in chunks of any size (§5.4)', () => {
    const bytes = hex(frame('0102', '6162') + frame('8901', '70') + frame('0001', '63') + frame('8000'));
    const whole = endpointOf(role);
    whole.receive(bytes.slice());
    const cut = endpointOf(role);
    for (const byte of bytes) cut.receive(Uint8Array.of(byte));
    for (const endpoint of [whole, cut]) {
      expect(eventsOf(endpoint).map(story)).toEqual(['ping 70', 'text abc']);
    }
  });

  test('answers a ping with a pong that has its payload (§5.5.2)', () => {
    const endpoint = endpointOf(role);
    expect(receive(endpoint, frame('8902', '6869'))).toEqual(['ping 6869']);
    expect(outputOf(endpoint)).toEqual([role === 'client' ? '8a82000000006869' : '8a026869']);
  });

  test('does not answer pings without autoPong', () => {
    const endpoint = endpointOf(role, { autoPong: false });
    expect(receive(endpoint, frame('8900'))).toEqual(['ping ']);
    expect(outputOf(endpoint)).toEqual([]);
  });

  test('answers 60 pings before its output is taken, and of the pings after them only the newest (§5.5.3)', () => {
    const endpoint = endpointOf(role);
    const ping = (index: number): string => frame('8901', index.toString(16).padStart(2, '0'));
    receive(endpoint, ...Array.from({ length: 70 }, (_, index) => ping(index)));
    const pongs = outputOf(endpoint);
    expect(pongs.length).toBe(61);
    expect(pongs.slice(59).map((pong) => pong.slice(-2))).toEqual(['3b', '45']);
    receive(endpoint, ping(7));
    expect(outputOf(endpoint).map((pong) => pong.slice(-2))).toEqual(['07']);
  });

  test('answers a ping with what it was, although the program has changed its bytes', () => {
    const endpoint = endpointOf(role);
    for (let index = 0; index < 70; index++) {
      endpoint.receive(hex(frame('8902', '6869')));
      for (const event of eventsOf(endpoint)) (event as { data: Uint8Array }).data.fill(0);
    }
    expect(new Set(outputOf(endpoint).map((pong) => pong.slice(-4)))).toEqual(new Set(['6869']));
  });

  test('emits pongs', () => {
    expect(receive(endpointOf(role), frame('8a01', '70'))).toEqual(['pong 70']);
  });

  test('reads the next frame only for the next event', () => {
    const endpoint = endpointOf(role);
    endpoint.receive(hex(frame('8101', '61') + frame('8900')));
    expect(story(endpoint.next()!)).toBe('text a');
    expect(outputOf(endpoint)).toEqual([]);
    expect(story(endpoint.next()!)).toBe('ping ');
    expect(outputOf(endpoint).length).toBe(1);
  });

  test('fails at the first broken rule (§7.1.7): emits an error, sends a close frame with the reason, and emits close', () => {
    const endpoint = endpointOf(role);
    expect(receive(endpoint, frame('8101', '61') + frame('8300') + frame('8101', '62'))).toEqual([
      'text a',
      'error WS_ERR_INVALID_OPCODE',
      'close 1006 ""',
    ]);
    expect(outputOf(endpoint).map((bytes) => bytes.slice(-4))).toEqual(['03ea']);
    expect(endpoint.state).toBe('closed');
    expect(receive(endpoint, frame('8101', '63'))).toEqual([]);
  });

  test.each([
    ['text that is not UTF-8', ['8101', 'ff'], 'WS_ERR_INVALID_UTF8', '03ef'],
    ['a continuation without a message', ['8001', '61'], 'WS_ERR_INVALID_OPCODE', '03ea'],
    ['a close code that must not be sent', ['8802', '03ed'], 'WS_ERR_INVALID_CLOSE_CODE', '03ea'],
  ] as const)('rejects %s', (_, [header, payload], code, closeCode) => {
    const endpoint = endpointOf(role);
    expect(receive(endpoint, frame(header, payload))).toEqual([`error ${code}`, 'close 1006 ""']);
    expect(outputOf(endpoint).map((bytes) => bytes.slice(-4))).toEqual([closeCode]);
  });

  test('rejects a frame at its header, before its payload has arrived', () => {
    const endpoint = endpointOf(role, { maxPayload: 2 });
    expect(receive(endpoint, frame('8103'))).toEqual([
      'error WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
      'close 1006 ""',
    ]);
  });

  test('rejects a text at its first invalid byte, before the rest of the frame has arrived', () => {
    expect(receive(endpointOf(role), frame('8109', '61ff'))).toEqual([
      'error WS_ERR_INVALID_UTF8',
      'close 1006 ""',
    ]);
  });

  test('accepts text that is not UTF-8 with skipUtf8Validation', () => {
    expect(receive(endpointOf(role, { skipUtf8Validation: true }), frame('8101', 'ff'))).toEqual([
      'text \ufffd',
    ]);
  });

  test('rejects more than maxFragments fragments', () => {
    const endpoint = endpointOf(role, { maxFragments: 2 });
    expect(receive(endpoint, frame('0100'), frame('0000'), frame('0000'))).toEqual([
      'error WS_ERR_TOO_MANY_BUFFERED_PARTS',
      'close 1006 ""',
    ]);
  });

  test('answers a close frame with the same code and reason (§5.5.1)', () => {
    const endpoint = endpointOf(role);
    expect(receive(endpoint, frame('8805', '03e8627965'))).toEqual(['close 1000 "bye", clean']);
    expect(outputOf(endpoint).map((bytes) => bytes.slice(-10))).toEqual(['03e8627965']);
    expect(endpoint.state).toBe('closed');
  });

  test('answers a close frame without a code with a close frame without a code (§7.1.5)', () => {
    const endpoint = endpointOf(role);
    expect(receive(endpoint, frame('8800'))).toEqual(['close 1005 "", clean']);
    expect(outputOf(endpoint)).toEqual([role === 'client' ? '888000000000' : '8800']);
  });

  test('after close(), emits messages until the close frame of the peer, and answers no pings', () => {
    const endpoint = endpointOf(role);
    endpoint.close(1001, 'restart');
    expect(endpoint.state).toBe('closing');
    endpoint.close(1000);
    expect(outputOf(endpoint).length).toBe(1);
    expect(receive(endpoint, frame('8101', '61'), frame('8900'), frame('8802', '03e9'))).toEqual([
      'text a',
      'ping ',
      'close 1001 "", clean',
    ]);
    expect(outputOf(endpoint)).toEqual([]);
  });

  test('does not answer an earlier ping after its close frame', () => {
    const endpoint = endpointOf(role);
    receive(endpoint, ...Array.from({ length: 61 }, () => frame('8900')));
    endpoint.close();
    expect(outputOf(endpoint).length).toBe(61);
  });

  test('sends no second close frame if the peer breaks a rule after close() (§7.1.7)', () => {
    const endpoint = endpointOf(role);
    endpoint.close(1000);
    outputOf(endpoint);
    expect(receive(endpoint, frame('8300'))).toEqual(['error WS_ERR_INVALID_OPCODE', 'close 1006 ""']);
    expect(outputOf(endpoint)).toEqual([]);
  });

  test('reports 1006 after all delivered messages if the transport ends without a close frame (§7.1.5)', () => {
    const endpoint = endpointOf(role);
    endpoint.receive(hex(frame('8101', '61') + frame('8102', '62')));
    endpoint.receiveEnd();
    expect(endpoint.state).toBe('closing');
    expect(eventsOf(endpoint).map(story)).toEqual(['text a', 'close 1006 ""']);
    expect(endpoint.state).toBe('closed');
    expect(endpoint.next()).toBeUndefined();
  });

  test('does not answer a close frame that it reads after the end of the transport, and is not clean', () => {
    const endpoint = endpointOf(role);
    endpoint.receive(hex(frame('8900') + frame('8802', '03e9')));
    endpoint.receiveEnd();
    expect(eventsOf(endpoint).map(story)).toEqual(['ping ', 'close 1001 ""']);
    expect(outputOf(endpoint)).toEqual([]);
  });

  test('reports 1006 if the peer does not answer its close frame', () => {
    const endpoint = endpointOf(role);
    endpoint.close(1000);
    endpoint.receiveEnd();
    expect(eventsOf(endpoint).map(story)).toEqual(['close 1006 ""']);
  });

  test('sends text, bytes and control frames', () => {
    const endpoint = endpointOf(role);
    endpoint.send('€');
    endpoint.send(hex('ff00'));
    endpoint.ping();
    endpoint.ping('p');
    endpoint.pong(hex('70'));
    const unmasked = ['8103e282ac', '8202ff00', '8900', '890170', '8a0170'];
    const masked = [
      '818300000000e282ac',
      '828200000000ff00',
      '898000000000',
      '89810000000070',
      '8a810000000070',
    ];
    expect(outputOf(endpoint)).toEqual(role === 'client' ? masked : unmasked);
  });

  test('copies the bytes that it sends', () => {
    const endpoint = endpointOf(role);
    const bytes = Uint8Array.of(1, 2, 3);
    endpoint.send(bytes);
    bytes.fill(9);
    expect(outputOf(endpoint)[0]?.slice(-6)).toBe('010203');
  });

  test('returns each frame in memory of its own, so that it can be transferred', () => {
    const endpoint = endpointOf(role);
    endpoint.send('text');
    endpoint.send(Uint8Array.of(1));
    endpoint.ping();
    for (const frame of endpoint.takeOutput()) expect(frame.buffer.byteLength).toBe(frame.byteLength);
  });

  test('sends fragments: the first has the opcode, the last FIN (§5.4)', () => {
    const endpoint = endpointOf(role);
    endpoint.send('a', { fin: false });
    endpoint.send('b', { fin: false });
    endpoint.ping();
    endpoint.send('');
    endpoint.send('c');
    expect(outputOf(endpoint).map((frame) => frame.slice(0, 2))).toEqual(['01', '00', '89', '80', '81']);
  });

  test('throws for a control frame of more than 125 bytes and for data of another type', () => {
    const endpoint = endpointOf(role);
    expect(() => endpoint.ping('€'.repeat(42))).toThrow(RangeError);
    expect(() => endpoint.pong(new Uint8Array(126))).toThrow(RangeError);
    expect(() => endpoint.send(7 as unknown as string)).toThrow(TypeError);
    expect(() => endpoint.ping(null as unknown as string)).toThrow(TypeError);
    expect(() => endpoint.close(1005)).toThrow(TypeError);
    expect(outputOf(endpoint)).toEqual([]);
  });

  test.each([
    ['after close()', (endpoint: Endpoint) => endpoint.close(), 'closing'],
    ['when the transport has ended', (endpoint: Endpoint) => endpoint.receiveEnd(), 'closing'],
    ['when it is closed', (endpoint: Endpoint) => void receive(endpoint, frame('8800')), 'closed'],
  ] satisfies [string, (endpoint: Endpoint) => void, string][])('sends nothing %s', (_, end, state) => {
    const endpoint = endpointOf(role);
    end(endpoint);
    outputOf(endpoint);
    for (const send of ['send', 'ping', 'pong'] as const) {
      expect(() => endpoint[send]('a')).toThrow(
        expect.objectContaining({
          code: 'WS_ERR_NOT_OPEN',
          message: `The endpoint is not open: its state is ${state}`,
        }),
      );
    }
    expect(outputOf(endpoint)).toEqual([]);
  });

  test('sends messages transformed by its extension, and marks them with RSV1 (RFC 7692 §6)', () => {
    const closed: string[] = [];
    const endpoint = endpointOf(role, { extension: shifting({ close: () => closed.push('closed') }) });
    endpoint.send('a');
    endpoint.send('plain');
    endpoint.send('b', { compress: false });
    endpoint.send('c', { fin: false });
    endpoint.send('d', { compress: false });
    endpoint.send('plain', { fin: false });
    endpoint.send('e');
    const sent = outputOf(endpoint);
    expect(sent.map((frame) => frame.slice(0, 2))).toEqual(['c1', '81', '81', '41', '80', '01', '80']);
    expect(sent.map((frame) => frame.slice(-2))).toEqual(['62', '6e', '62', '64', '65', '6e', '65']);
    expect(receive(endpoint, frame('c101', '62'), frame('8101', '62'), frame('c201', '01'))).toEqual([
      'text a',
      'text b',
      'binary 00',
    ]);
    expect(receive(endpoint, frame('8800'))).toEqual(['close 1005 "", clean']);
    expect(closed).toEqual(['closed']);
  });

  test('fails with the code of the error, by default 1007, if its extension cannot decompress a message', () => {
    const refuse = (error: Error | null) =>
      endpointOf(role, { extension: shifting({ decompress: (_, done) => done(error) }) });
    for (const [endpoint, code] of [
      [refuse(new Error('corrupt')), '03ef'],
      [refuse(Object.assign(new Error('too long'), { closeCode: 1009 })), '03f1'],
      [refuse(null), '03ef'],
    ] as const) {
      const [error, close] = receive(endpoint, frame('c101', '62'));
      expect([error?.slice(0, 5), close]).toEqual(['error', 'close 1006 ""']);
      expect(outputOf(endpoint).map((bytes) => bytes.slice(-4))).toEqual([code]);
    }
  });

  test('rejects a decompressed text that is not UTF-8, except with skipUtf8Validation', () => {
    const options = { extension: shifting() };
    expect(receive(endpointOf(role, options), frame('c101', '00'))[0]).toBe('error WS_ERR_INVALID_UTF8');
    const skipping = endpointOf(role, { ...options, skipUtf8Validation: true });
    expect(receive(skipping, frame('c101', '00'))).toEqual(['text \ufffd']);
  });

  test('fails with 1011 if its extension cannot compress a message, and throws the error', () => {
    const broken = shifting({ compress: (_, done): void => done(new Error('broken')) });
    const endpoint = endpointOf(role, { extension: broken });
    expect(() => endpoint.send('a')).toThrow('broken');
    expect(outputOf(endpoint).map((bytes) => bytes.slice(-4))).toEqual(['03f3']);
    expect(eventsOf(endpoint).map(story)).toEqual(['error broken', 'close 1006 ""']);
  });

  test('fails with 1011 if its extension calls back later, and the error names the cause', () => {
    const late = (): void => undefined;
    const message = 'The extension of an Endpoint must call back before its methods return';
    const sending = endpointOf(role, { extension: shifting({ compress: late }) });
    expect(() => sending.send('a')).toThrow(message);
    const receiving = endpointOf(role, { extension: shifting({ decompress: late }) });
    receiving.receive(hex(frame('c101', '62')));
    for (const endpoint of [sending, receiving]) {
      expect(eventsOf(endpoint).map(story)).toEqual([`error ${message}`, 'close 1006 ""']);
      expect(outputOf(endpoint).map((bytes) => bytes.slice(-4))).toEqual(['03f3']);
    }
  });
});

test('a client masks each frame with a new random key by default (§5.3)', () => {
  const client = new Endpoint({ role: 'client' });
  client.send('same');
  client.send('same');
  const [one, other] = outputOf(client);
  expect(one).not.toBe(other);
  const server = endpointOf('server');
  expect(receive(server, `${one}${other}`)).toEqual(['text same', 'text same']);
});

test('two endpoints can exchange messages byte by byte', () => {
  const client = new Endpoint({ role: 'client' });
  const server = endpointOf('server');
  client.send('héllo');
  client.send(new Uint8Array(70_000).fill(7), { fin: false });
  client.send('end');
  client.ping('p');
  client.close(4000, 'enough');
  for (const byte of concat(...client.takeOutput())) server.receive(Uint8Array.of(byte));
  expect(eventsOf(server).map((event) => story(event).slice(0, 20))).toEqual([
    'text héllo',
    'binary 0707070707070',
    'ping 70',
    'close 4000 "enough",',
  ]);
  for (const bytes of server.takeOutput()) client.receive(bytes);
  expect(eventsOf(client).map(story)).toEqual(['pong 70', 'close 4000 "enough", clean']);
});
