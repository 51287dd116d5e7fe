// For the same bytes and calls, a connection and an endpoint of the codec emit the same events and write the same bytes. Both use the tables
// and parts of the codec, and each combines them in code of its own.
import { duplexPair } from 'node:stream';
import {
  Endpoint,
  firstByte,
  formatClosePayload,
  FrameDecoder,
  Opcode,
  writeFrame,
  type Extension,
  type Frame,
} from '@framewire/codec';
import type { WebSocketConnection } from '@framewire/connection';
import { describe, expect, test, vi } from 'vitest';
import { attach, hex } from './support/pairs.ts';

type Role = 'client' | 'server';

/** One end of a WebSocket: a connection or an endpoint. */
interface End {
  /** Its events, one string for each. */
  readonly events: string[];
  /** All bytes that it has written. */
  output(): Buffer;
  receive(bytes: Uint8Array): Promise<void>;
  /** Ends the transport. */
  receiveEnd(): Promise<void>;
  send(data: string | Uint8Array, options?: { fin?: boolean; compress?: boolean }): void;
  ping(data: string): void;
  pong(data: string): void;
  close(code?: number, reason?: string): void;
}

const maxPayload = 1000;

/** Uses masking keys of zeros, which leave payloads unchanged on the wire. */
function endpointEnd(role: Role, extension: { extension?: Extension }): End {
  const endpoint = new Endpoint({ role, maxPayload, maskingKey: () => 0, ...extension });
  const events: string[] = [];
  const read = async (): Promise<void> => {
    for (let event; (event = endpoint.next()) !== undefined;) {
      if (event.type === 'message') events.push(messageLine(event.data));
      else if (event.type === 'error') events.push(errorLine(event.error));
      else if (event.type === 'close') events.push(closeLine(event.code, event.reason, event.wasClean));
      else events.push(`${event.type} ${textOf(event.data)}`);
    }
  };
  return {
    events,
    output: () => Buffer.concat(endpoint.takeOutput()),
    receive(bytes) {
      endpoint.receive(bytes);
      return read();
    },
    receiveEnd() {
      endpoint.receiveEnd();
      return read();
    },
    send: (data, options) => endpoint.send(data, options),
    ping: (data) => endpoint.ping(data),
    pong: (data) => endpoint.pong(data),
    close: (code, reason) => endpoint.close(code, reason),
  };
}

function connectionEnd(role: Role, extension: { extension?: Extension }): End {
  const [near, far] = duplexPair();
  const ws = attach(near, role, { maxPayload, generateMask: (mask) => mask.fill(0), ...extension });
  const output: Buffer[] = [];
  far.on('data', (chunk: Buffer) => output.push(chunk));
  return {
    events: eventsOf(ws),
    output: () => Buffer.concat(output),
    async receive(bytes) {
      far.write(bytes);
      await settled();
    },
    async receiveEnd() {
      far.end();
      await settled();
    },
    send: (data, options) => ws.send(data, options),
    ping: (data) => ws.ping(data),
    pong: (data) => ws.pong(data),
    close: (code, reason) => ws.close(code, reason),
  };
}

function eventsOf(ws: WebSocketConnection): string[] {
  const events: string[] = [];
  ws.on('message', (data, isBinary) => {
    events.push(messageLine(isBinary ? (data as Buffer) : (data as Buffer).toString()));
  });
  ws.on('ping', (data) => events.push(`ping ${textOf(data)}`));
  ws.on('pong', (data) => events.push(`pong ${textOf(data)}`));
  ws.on('error', (error) => events.push(errorLine(error)));
  ws.on('close', (code, reason) => events.push(closeLine(code, String(reason), ws.wasClean as boolean)));
  return events;
}

/** Waits until a stream in memory has delivered everything. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const textOf = (data: Uint8Array): string => Buffer.from(data).toString();
const messageLine = (data: string | Uint8Array): string =>
  typeof data === 'string' ? `text ${data}` : `binary ${Buffer.from(data).toString('hex')}`;
const errorLine = (error: Error): string => `error ${(error as { code?: string }).code ?? error.message}`;
const closeLine = (code: number, reason: string, wasClean: boolean): string =>
  `close ${code} "${reason}"${wasClean ? ', clean' : ''}`;

/** The peer of an end. It can send any frame. */
class Peer {
  readonly #end: End;
  readonly #masks: boolean;

  constructor(end: End, role: Role) {
    this.#end = end;
    this.#masks = role === 'server';
  }

  /** Sends frames in one chunk. */
  sends(...frames: readonly Uint8Array[]): Promise<void> {
    return this.#end.receive(Buffer.concat(frames));
  }

  /** Sends frames byte by byte. */
  async sendsByteByByte(...frames: readonly Uint8Array[]): Promise<void> {
    for (const byte of Buffer.concat(frames)) await this.#end.receive(Buffer.from([byte]));
  }

  frame(
    opcode: Opcode,
    payload: string | Uint8Array = '',
    { fin = true, rsv1 = false, masks = this.#masks } = {},
  ): Buffer {
    const bytes = Buffer.from(payload);
    const frame = Buffer.alloc(bytes.length + 14);
    return frame.subarray(
      0,
      writeFrame(frame, 0, firstByte(opcode, fin, rsv1), bytes, masks ? 0 : undefined),
    );
  }

  close(code?: number, reason?: string): Buffer {
    return this.frame(Opcode.CLOSE, formatClosePayload(code, reason));
  }
}

/** The frames that an end has written, one string for each. */
function frames(role: Role, output: Buffer): string[] {
  const decoder = new FrameDecoder({ role: role === 'server' ? 'client' : 'server', allowRsv1: true });
  const lines: string[] = [];
  decoder.push(output);
  for (let frame: Frame | undefined; (frame = decoder.next()) !== undefined;) {
    const { fin, opcode, payload } = frame;
    const isClose = opcode === Opcode.CLOSE && payload.length > 0;
    const content = isClose
      ? `${Buffer.from(payload).readUInt16BE()} ${textOf(payload.subarray(2))}`
      : textOf(payload);
    lines.push(`${names[opcode]}${fin ? '' : '…'} ${content}`.trim());
  }
  return lines;
}

const names: Record<number, string> = {
  [Opcode.CONTINUATION]: 'continuation',
  [Opcode.TEXT]: 'text',
  [Opcode.BINARY]: 'binary',
  [Opcode.CLOSE]: 'close',
  [Opcode.PING]: 'ping',
  [Opcode.PONG]: 'pong',
};

interface Scenario {
  readonly title: string;
  /** The methods of the extension that differ from {@link unchanging}. Default: no extension. */
  readonly extension?: Partial<Extension>;
  readonly play: (end: End, peer: Peer) => Promise<void>;
  /** The expected events, including those at the end of the transport, which follows the scenario. */
  readonly events: readonly string[];
  /** The expected frames. */
  readonly writes: readonly string[];
}

const { BINARY, CONTINUATION, PING, PONG, TEXT } = Opcode;
const ABNORMAL = 'close 1006 ""';

/** A scenario of a broken rule: the frames of the peer, and the expected error and close code. */
function breach(title: string, error: string, code: number, sends: (peer: Peer) => Uint8Array[]): Scenario {
  return {
    title: `fails at ${title}, and reads nothing after it (§7.1.7)`,
    play: (_end, peer) => peer.sends(peer.frame(TEXT, 'before'), ...sends(peer), peer.frame(TEXT, 'after')),
    events: ['text before', `error ${error}`, ABNORMAL],
    writes: [`close ${code}`],
  };
}

const scenarios: readonly Scenario[] = [
  {
    title: 'emits messages in the order in which they arrive, including empty ones',
    play: (_end, peer) =>
      peer.sends(
        peer.frame(TEXT, 'one'),
        peer.frame(BINARY, hex('00ff')),
        peer.frame(TEXT),
        peer.frame(TEXT, 'ä'),
      ),
    events: ['text one', 'binary 00ff', 'text ', 'text ä', ABNORMAL],
    writes: [],
  },
  {
    title: 'assembles fragments with control frames between them, in chunks of any size (§5.4)',
    play: (_end, peer) =>
      peer.sendsByteByByte(
        peer.frame(TEXT, 'on', { fin: false }),
        peer.frame(PING, 'p'),
        peer.frame(CONTINUATION, '', { fin: false }),
        peer.frame(PONG, 'q'),
        peer.frame(CONTINUATION, 'e'),
      ),
    events: ['ping p', 'pong q', 'text one', ABNORMAL],
    writes: ['pong p'],
  },
  {
    title: 'answers each ping before it sends later messages (§5.5.2)',
    async play(end, peer) {
      await peer.sends(peer.frame(PING, 'a'), peer.frame(PING, 'b'));
      end.send('c');
    },
    events: ['ping a', 'ping b', ABNORMAL],
    writes: ['pong a', 'pong b', 'text c'],
  },
  {
    title: 'sends text, bytes, fragments and control frames in order',
    async play(end, _peer) {
      end.send('one');
      end.send('tw', { fin: false });
      end.ping('p');
      end.pong('q');
      end.send('o', { fin: true });
      end.send(Buffer.from('three'));
    },
    events: [ABNORMAL],
    writes: ['text one', 'text… tw', 'ping p', 'pong q', 'continuation o', 'binary three'],
  },
  {
    title: 'answers a close frame with its code and reason, and reads nothing after it (§5.5.1)',
    play: (_end, peer) => peer.sends(peer.close(3000, 'bye'), peer.frame(TEXT, 'late'), peer.frame(PING)),
    events: ['close 3000 "bye", clean'],
    writes: ['close 3000 bye'],
  },
  {
    title: 'answers a close frame without a code with a close frame without a code (§7.1.5)',
    play: (_end, peer) => peer.sends(peer.close()),
    events: ['close 1005 "", clean'],
    writes: ['close'],
  },
  {
    title: 'after close(), emits what the peer sends before its own close frame, and answers no pings',
    async play(end, peer) {
      end.close(1000, 'done');
      end.close(1001, 'again');
      await peer.sends(
        peer.frame(TEXT, 'still'),
        peer.frame(PING, 'p'),
        peer.close(1000, 'done'),
        peer.frame(TEXT),
      );
    },
    events: ['text still', 'ping p', 'close 1000 "done", clean'],
    writes: ['close 1000 done'],
  },
  {
    title: 'reports the code of the peer if both close at the same time (§7.1.5)',
    async play(end, peer) {
      end.close(1000);
      await peer.sends(peer.close(1001, 'going'));
    },
    events: ['close 1001 "going", clean'],
    writes: ['close 1000'],
  },
  {
    title: 'reports 1006 if the peer ends the transport without a close frame (§7.1.5)',
    play: (_end, peer) => peer.sends(peer.frame(TEXT, 'one'), peer.frame(TEXT, 'half').subarray(0, 3)),
    events: ['text one', ABNORMAL],
    writes: [],
  },
  {
    title: 'reports 1006 if the peer ends the transport instead of answering a close frame',
    async play(end, peer) {
      end.close(1000);
      await peer.sends(peer.frame(TEXT, 'one'));
    },
    events: ['text one', ABNORMAL],
    writes: ['close 1000'],
  },
  {
    title: 'sends no second close frame if the peer breaks a rule after close() (§7.1.7)',
    async play(end, peer) {
      end.close(1000);
      await peer.sends(peer.frame(0x3 as Opcode));
    },
    events: ['error WS_ERR_INVALID_OPCODE', ABNORMAL],
    writes: ['close 1000'],
  },
  breach('a reserved opcode', 'WS_ERR_INVALID_OPCODE', 1002, (peer) => [peer.frame(0x3 as Opcode)]),
  breach('a continuation without a message to continue', 'WS_ERR_INVALID_OPCODE', 1002, (peer) => [
    peer.frame(CONTINUATION, 'x'),
  ]),
  breach('a message within another', 'WS_ERR_INVALID_OPCODE', 1002, (peer) => [
    peer.frame(TEXT, 'x', { fin: false }),
    peer.frame(TEXT, 'y'),
  ]),
  breach('a fragment of a ping', 'WS_ERR_EXPECTED_FIN', 1002, (peer) => [
    peer.frame(PING, 'x', { fin: false }),
  ]),
  breach('a ping of 126 bytes', 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH', 1002, (peer) => [
    peer.frame(PING, 'x'.repeat(126)),
  ]),
  breach('text that is not UTF-8', 'WS_ERR_INVALID_UTF8', 1007, (peer) => [peer.frame(TEXT, hex('c0'))]),
  breach('a text that ends within a character', 'WS_ERR_INVALID_UTF8', 1007, (peer) => [
    peer.frame(TEXT, hex('c3'), { fin: false }),
    peer.frame(CONTINUATION),
  ]),
  breach('a message longer than maxPayload', 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009, (peer) => [
    peer.frame(TEXT, 'x'.repeat(maxPayload + 1)),
  ]),
  breach('fragments longer than maxPayload together', 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009, (peer) => [
    peer.frame(BINARY, 'x'.repeat(maxPayload), { fin: false }),
    peer.frame(CONTINUATION, 'x'),
  ]),
  breach('a close frame with a code that must not be sent', 'WS_ERR_INVALID_CLOSE_CODE', 1002, (peer) => [
    peer.frame(Opcode.CLOSE, hex('03ee')),
  ]),
  breach('a close frame of one byte', 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH', 1002, (peer) => [
    peer.frame(Opcode.CLOSE, hex('03')),
  ]),
  breach('a reason that is not UTF-8', 'WS_ERR_INVALID_UTF8', 1007, (peer) => [
    peer.frame(Opcode.CLOSE, hex('03e8 c0')),
  ]),
];

/** An extension that marks messages and does not change them, except for what is overridden. */
function unchanging(overrides: Partial<Extension>): Extension {
  return {
    name: 'x-unchanging',
    compress: ({ data }, done) => done(null, Buffer.from(data as Uint8Array)),
    decompress: (data, done) => done(null, data),
    close: () => {},
    ...overrides,
  };
}

/** Scenarios of an extension that cannot restore a message. */
function unreadable(closeCode: number | undefined): Scenario[] {
  const error = Object.assign(new Error('broken'), closeCode === undefined ? {} : { closeCode });
  const ways: Record<string, Extension['decompress']> = {
    'throws an error': () => {
      throw error;
    },
    'reports an error': (_data, done) => done(error),
  };
  return Object.entries(ways).map(([way, decompress]) => ({
    title: `fails if its extension ${way} ${closeCode === undefined ? 'without a code' : `with the code ${closeCode}`} for a message`,
    extension: { decompress },
    play: (_end, peer) =>
      peer.sends(
        peer.frame(TEXT, 'before'),
        peer.frame(TEXT, 'x', { rsv1: true }),
        peer.frame(TEXT, 'after'),
      ),
    events: ['text before', 'error broken', ABNORMAL],
    writes: [`close ${closeCode ?? 1007}`],
  }));
}

const extensionScenarios: readonly Scenario[] = [
  ...unreadable(undefined),
  ...unreadable(1009),
  {
    title: 'throws from send() what its extension throws, and loses only that message or fragment',
    extension: {
      compress({ data }, done) {
        if (data === 'bad') throw new Error('broken');
        done(null, Buffer.from(data as Uint8Array));
      },
    },
    async play(end, peer) {
      expect(() => end.send('bad')).toThrow('broken');
      end.send('plain', { compress: false });
      end.send('on', { fin: false });
      expect(() => end.send('bad', { fin: false })).toThrow('broken');
      end.send('e');
      await peer.sends(peer.frame(TEXT, 'answer', { rsv1: true }));
    },
    events: ['text answer', ABNORMAL],
    writes: ['text plain', 'text… on', 'continuation e'],
  },
];

const kinds = { 'an endpoint': endpointEnd, 'a connection': connectionEnd };

describe.each(['client', 'server'] as const)('as a %s', (role) => {
  const unmasked = breach(
    role === 'server' ? 'a frame without a mask' : 'a masked frame',
    role === 'server' ? 'WS_ERR_EXPECTED_MASK' : 'WS_ERR_UNEXPECTED_MASK',
    1002,
    (peer) => [peer.frame(TEXT, 'x', { masks: role !== 'server' })],
  );

  describe.each(Object.entries(kinds))('%s', (_kind, make) => {
    const all = [...scenarios, unmasked, ...extensionScenarios];
    test.each(all.map((scenario) => [scenario.title, scenario] as const))(
      '%s',
      async (_title, { extension, play, events, writes }) => {
        const closed = vi.fn();
        const end = make(role, extension ? { extension: unchanging({ close: closed, ...extension }) } : {});
        await play(end, new Peer(end, role));
        await end.receiveEnd();
        expect(end.events).toEqual(events);
        expect(frames(role, end.output())).toEqual(writes);
        expect(closed).toHaveBeenCalledTimes(extension ? 1 : 0);
      },
    );
  });

  // `ws` sends no close frame, and a connection behaves as `ws` does.
  test('an endpoint closes with 1011 if its extension cannot transform a message; a connection ends without a close frame', async () => {
    const extension = unchanging({ compress: (_part, done) => done(new Error('broken')) });
    const endpoint = endpointEnd(role, { extension });
    expect(() => endpoint.send('lost')).toThrow('broken');
    const connection = connectionEnd(role, { extension });
    connection.send('lost');
    for (const end of [endpoint, connection]) {
      await end.receiveEnd();
      expect(end.events).toEqual(['error broken', ABNORMAL]);
    }
    expect(frames(role, endpoint.output())).toEqual(['close 1011']);
    expect(frames(role, connection.output())).toEqual([]);
  });
});
