// Raw heads: parsed from bytes in chunks of any size, and written again.
import {
  formatRequestHead,
  formatResponseHead,
  headerRecord,
  requestHeadParser,
  responseHeadParser,
  type HeadLimits,
  type HeadParser,
  type HeadResult,
  type RequestHead,
  type ResponseHead,
} from '@framewire/handshake';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { oneOf } from './arbitraries.ts';

type Head = RequestHead | ResponseHead;
type Cut = (bytes: Buffer) => Buffer[];

const whole: Cut = (bytes) => [bytes];
const byteByByte: Cut = (bytes) => Array.from(bytes, (byte) => Buffer.of(byte));

/** The result for the bytes in chunks. Chunks after the head are added to `rest`. */
function read<H extends Head>(parser: HeadParser<H>, bytes: Buffer, cut: Cut): HeadResult<H> | undefined {
  const chunks = cut(bytes);
  for (const [index, chunk] of chunks.entries()) {
    const result = parser.push(chunk);
    if (result?.ok) return { ...result, rest: Buffer.concat([result.rest, ...chunks.slice(index + 1)]) };
    if (result) return result;
  }
  return undefined;
}

function readRequest(
  text: string,
  limits?: HeadLimits,
  cut: Cut = whole,
): HeadResult<RequestHead> | undefined {
  return read(requestHeadParser(limits), Buffer.from(text, 'latin1'), cut);
}

function readResponse(text: string, cut: Cut = whole): HeadResult<ResponseHead> | undefined {
  return read(responseHeadParser(), Buffer.from(text, 'latin1'), cut);
}

/** `ok`, `more`, or the code of the refusal. */
function outcome(result: HeadResult<Head> | undefined): string {
  if (result === undefined) return 'more';
  return result.ok ? 'ok' : String(result.refusal.code);
}

/** The outcome for a request, which must be the same whole and byte by byte. */
function requestOutcome(text: string, limits?: HeadLimits): string {
  const expected = outcome(readRequest(text, limits));
  expect(outcome(readRequest(text, limits, byteByByte))).toBe(expected);
  return expected;
}

describe.each([
  ['whole', whole],
  ['byte by byte', byteByByte],
  [
    'in chunks of seven bytes',
    (bytes: Buffer) =>
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((i) => bytes.subarray(7 * i, i === 10 ? undefined : 7 * i + 7)),
  ],
])('a head that arrives %s', (_, cut) => {
  test('of a request has its method, target, headers with order and spelling, and the bytes after it', () => {
    const text = 'GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-É: 1\r\n'.replace('É', 'E');
    const result = readRequest(`${text}x-e:\t é, 2 \t\r\nEmpty:\r\n\r\n\x81\x00rest`, {}, cut);
    expect(result).toMatchObject({
      ok: true,
      head: {
        method: 'GET',
        target: '/a?b=c',
        httpVersion: '1.1',
        headers: [
          ['Host', 'x'],
          ['X-E', '1'],
          ['x-e', 'é, 2'],
          ['Empty', ''],
        ],
      },
    });
    expect(result?.ok && Buffer.from(result.rest).toString('latin1')).toBe('\x81\x00rest');
  });

  test('of a response has its status, reason and headers', () => {
    const result = readResponse('HTTP/1.1 101 Switching  Protocols\r\nUpgrade: websocket\r\n\r\n', cut);
    expect(result).toMatchObject({
      ok: true,
      head: {
        httpVersion: '1.1',
        statusCode: 101,
        reason: 'Switching  Protocols',
        headers: [['Upgrade', 'websocket']],
      },
    });
    expect(result?.ok && result.rest.length).toBe(0);
  });

  test('that is incomplete has no result yet', () => {
    expect(readRequest('GET / HTTP/1.1\r\nHost: x\r\n\r', {}, cut)).toBeUndefined();
    expect(readResponse('HTTP/1.1 101', cut)).toBeUndefined();
  });
});

describe('the start line', () => {
  test.each([
    'GET / HTTP/1.1',
    'GET * HTTP/1.0',
    'OPTIONS http://example.com/?a=[b] HTTP/1.1',
    "M!#$%&'*+-.^_`|~ /%20 HTTP/1.1",
  ])('of a request has a method, a target and the version: %j', (line) => {
    expect(requestOutcome(`${line}\r\n\r\n`)).toBe('ok');
  });

  test.each([
    '',
    'GET',
    'GET /',
    'GET / ',
    'GET  / HTTP/1.1',
    'GET /  HTTP/1.1',
    'GET / HTTP/1.1 ',
    ' GET / HTTP/1.1',
    'GET\t/\tHTTP/1.1',
    'GET /a b HTTP/1.1',
    'GET /é HTTP/1.1',
    'G:T / HTTP/1.1',
    'GET / http/1.1',
    'GET / HTTP/1.2',
    'GET / HTTP/2.0',
    'GET / HTTP/1.11',
    'PRI * HTTP/2.0',
    'HTTP/1.1 101 Switching Protocols',
  ])('of a request is malformed: %j', (line) => {
    expect(requestOutcome(`${line}\r\n\r\n`)).toBe('WS_ERR_MALFORMED_START_LINE');
  });

  test.each([
    ['HTTP/1.1 200 OK', 200, 'OK'],
    ['HTTP/1.0 404 Not Found', 404, 'Not Found'],
    ['HTTP/1.1 101 ', 101, ''],
    ['HTTP/1.1 101', 101, ''],
    ['HTTP/1.1 999 \t é', 999, '\t é'],
  ])('of a response has the version, a status and a reason: %j', (line, statusCode, reason) => {
    expect(readResponse(`${line}\r\n\r\n`)).toMatchObject({ ok: true, head: { statusCode, reason } });
  });

  test.each([
    '',
    'HTTP/1.1',
    'HTTP/1.1 ',
    'HTTP/1.1 20',
    'HTTP/1.1 2000',
    'HTTP/1.1 099',
    'HTTP/1.1 2x0 OK',
    'HTTP/2 200',
    'GET / HTTP/1.1',
  ])('of a response is malformed: %j', (line) => {
    expect(outcome(readResponse(`${line}\r\n\r\n`))).toBe('WS_ERR_MALFORMED_START_LINE');
  });
});

describe('a head is rejected', () => {
  const start = 'GET / HTTP/1.1\r\n';

  test.each([
    ['a bare LF', 'GET / HTTP/1.1\n', 'WS_ERR_MALFORMED_LINE_ENDING'],
    ['a bare LF after a header', `${start}A: b\n`, 'WS_ERR_MALFORMED_LINE_ENDING'],
    ['a bare CR', `${start}A: b\rC: d`, 'WS_ERR_MALFORMED_LINE_ENDING'],
    ['CR CR LF', `${start}A: b\r\r\n`, 'WS_ERR_MALFORMED_LINE_ENDING'],
    ['a bare CR at the end', `${start}\rx`, 'WS_ERR_MALFORMED_LINE_ENDING'],
    ['NUL', `${start}A: b\0`, 'WS_ERR_ILLEGAL_BYTE'],
    ['another control character', `${start}A: \x0b`, 'WS_ERR_ILLEGAL_BYTE'],
    ['DEL', `${start}A: \x7f`, 'WS_ERR_ILLEGAL_BYTE'],
    ['a TLS hello', '\x16\x03\x01\x02\x00', 'WS_ERR_ILLEGAL_BYTE'],
    ['a folded line', `${start}A: b\r\n c\r\n`, 'WS_ERR_FOLDED_LINE'],
    ['a line folded with a tab', `${start}A: b\r\n\tc\r\n`, 'WS_ERR_FOLDED_LINE'],
    ['space before the first header', `${start} A: b\r\n`, 'WS_ERR_FOLDED_LINE'],
    ['space before the colon', `${start}A : b\r\n`, 'WS_ERR_MALFORMED_HEADER_NAME'],
    ['a tab before the colon', `${start}A\t: b\r\n`, 'WS_ERR_MALFORMED_HEADER_NAME'],
    ['no name', `${start}: b\r\n`, 'WS_ERR_MALFORMED_HEADER_NAME'],
    ['no colon', `${start}A\r\n`, 'WS_ERR_MALFORMED_HEADER_NAME'],
    ['a name beyond ASCII', `${start}É: b\r\n`, 'WS_ERR_MALFORMED_HEADER_NAME'],
    ['two hosts', `${start}Host: a\r\nhOST: a\r\n`, 'WS_ERR_REPEATED_HEADER'],
    ['two lengths', `${start}Content-Length: 1\r\nContent-Length: 1\r\n`, 'WS_ERR_REPEATED_HEADER'],
    ['two encodings', `${start}Transfer-Encoding: a\r\nTransfer-Encoding: b\r\n`, 'WS_ERR_REPEATED_HEADER'],
    ['a length that is not a number', `${start}Content-Length: +1\r\n`, 'WS_ERR_AMBIGUOUS_BODY'],
    ['two lengths in one', `${start}Content-Length: 1, 1\r\n`, 'WS_ERR_AMBIGUOUS_BODY'],
    ['no length', `${start}Content-Length:\r\n`, 'WS_ERR_AMBIGUOUS_BODY'],
    [
      'a length with too many digits',
      `${start}Content-Length: ${'9'.repeat(16)}\r\n`,
      'WS_ERR_AMBIGUOUS_BODY',
    ],
    [
      'length and encoding',
      `${start}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n`,
      'WS_ERR_AMBIGUOUS_BODY',
    ],
  ])('for %s: %j', (_, text, code) => {
    expect(requestOutcome(text)).toBe(code);
  });

  test('but may announce a body in one way', () => {
    expect(requestOutcome(`${start}Content-Length: 12\r\n\r\n`)).toBe('ok');
    expect(requestOutcome(`${start}Transfer-Encoding: chunked\r\n\r\n`)).toBe('ok');
  });

  test.each([
    ['a short head', `${start}\r\n`, ''],
    ['a long head, with bytes after it', `${start}A: ${'b'.repeat(100)}\r\n\r\n`, '\x81'.repeat(500)],
  ])('at the first byte above the limit: %s', (_, text, rest) => {
    expect(requestOutcome(text + rest, { maxBytes: text.length })).toBe('ok');
    expect(requestOutcome(text + rest, { maxBytes: text.length - 1 })).toBe('WS_ERR_HEAD_TOO_LARGE');
    expect(requestOutcome(text.slice(0, -1), { maxBytes: text.length - 1 })).toBe('more');
  });

  test('above 16 KiB by default, and at no size with 0', () => {
    const text = `${start}A: ${'b'.repeat(16 * 1024 - start.length - 7)}\r\n\r\n`;
    expect(text.length).toBe(16 * 1024);
    expect(requestOutcome(text)).toBe('ok');
    const larger = text.replace('A', 'AB');
    expect(requestOutcome(larger)).toBe('WS_ERR_HEAD_TOO_LARGE');
    expect(requestOutcome(larger, { maxBytes: 0 })).toBe('ok');
  });

  test('for more header fields than the limit: 100 by default, none with 0', () => {
    const head = (fields: number): string => `${start}${'A:\r\n'.repeat(fields)}\r\n`;
    expect(requestOutcome(head(100))).toBe('ok');
    expect(requestOutcome(head(101))).toBe('WS_ERR_TOO_MANY_HEADERS');
    expect(requestOutcome(head(2000))).toBe('WS_ERR_TOO_MANY_HEADERS');
    expect(requestOutcome(head(2), { maxHeaders: 2 })).toBe('ok');
    expect(requestOutcome(head(3), { maxHeaders: 2 })).toBe('WS_ERR_TOO_MANY_HEADERS');
    expect(requestOutcome(head(2000), { maxHeaders: 0 })).toBe('ok');
  });

  test('with the right status', () => {
    const status = (text: string): unknown => {
      const result = readRequest(text, { maxBytes: 32 });
      return result && !result.ok && result.refusal.status;
    };
    expect(status('GET\n')).toBe(400);
    expect(status('G'.repeat(33))).toBe(431);
  });

  test('only once: a parser throws after it has returned a result', () => {
    for (const text of ['GET / HTTP/1.1\r\n\r\n', 'GET\n']) {
      const parser = requestHeadParser();
      parser.push(Buffer.from(text));
      expect(() => parser.push(Buffer.from('x'))).toThrow(
        expect.objectContaining({ code: 'WS_ERR_HEAD_IS_OVER' }),
      );
    }
  });
});

describe('the cost of a head', () => {
  /** Bytes that count their reads, and how many bytes are copied. */
  function counted(bytes: Uint8Array): { chunk: Uint8Array; reads: () => number } {
    let reads = 0;
    const chunk = new Proxy(bytes, {
      get(target, key) {
        if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
        if (key === 'subarray') {
          return (from: number, to: number) => {
            const part = target.subarray(from, to);
            reads += part.length;
            return part;
          };
        }
        return Reflect.get(target, key, target) as unknown;
      },
    });
    return { chunk, reads: () => reads };
  }

  test.each([1, 2, 100, 65_536])('is a few reads and copies of each byte, in chunks of %i', (size) => {
    const copy = vi.spyOn(Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array, 'set');
    onTestFinished(() => copy.mockRestore());
    for (const length of [1024, 8192, 65_536]) {
      const text = Buffer.from(`GET / HTTP/1.1\r\nA: ${'b'.repeat(length)}`);
      const parser = requestHeadParser({ maxBytes: 0 });
      let reads = 0;
      copy.mockClear();
      for (let at = 0; at < text.length; at += size) {
        const { chunk, reads: count } = counted(text.subarray(at, at + size));
        expect(parser.push(chunk)).toBeUndefined();
        reads += count();
      }
      const copies = copy.mock.calls.reduce((sum, [bytes]) => sum + bytes.length, 0);
      expect(reads).toBeLessThanOrEqual(3 * text.length);
      expect(copies).toBeLessThanOrEqual(3 * text.length);
    }
  });
});

describe('any bytes', () => {
  const nearlyHead = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          'GET / HTTP/1.1\r\n',
          'HTTP/1.1 101 x\r\n',
          'Host: a\r\n',
          'A: b\r\n',
          '\r\n',
          ' ',
          ':',
        ),
        fc.constantFrom('Content-Length: 1\r\n', 'Transfer-Encoding: x\r\n', '\r', '\n', '\0', '\xff', 'a'),
      ),
      { maxLength: 12 },
    )
    .map((parts) => Buffer.from(parts.join(''), 'latin1'));

  test('are accepted, incomplete or rejected, the same whole and cut anywhere', () => {
    fc.assert(
      fc.property(nearlyHead, fc.array(fc.nat({ max: 60 })), fc.boolean(), (bytes, cuts, isRequest) => {
        const parser = (): HeadParser<RequestHead> | HeadParser<ResponseHead> => {
          const limits = { maxBytes: 64, maxHeaders: 3 };
          return isRequest ? requestHeadParser(limits) : responseHeadParser(limits);
        };
        const places = [0, ...cuts.sort((a, b) => a - b)];
        const cutThere: Cut = (all) => places.map((place, i) => all.subarray(place, places[i + 1]));
        const results = [whole, byteByByte, cutThere].map((cut) =>
          read(parser() as HeadParser<Head>, bytes, cut),
        );
        const plain = results.map((result) => result?.ok && { ...result, rest: Buffer.from(result.rest) });
        expect(results.map(outcome)).toEqual(Array(3).fill(outcome(results[0])));
        expect(plain[1]).toEqual(plain[0]);
        expect(plain[2]).toEqual(plain[0]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('writing a head', () => {
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,10}$/);
  const value = fc.string({ unit: oneOf('ab \t,;="éÿ') }).map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''));
  const headers = fc.array(
    fc.tuple(
      token.filter((name) => !/^(host|content-length|transfer-encoding)$/i.test(name)),
      value,
    ),
    { maxLength: 5 },
  );

  test('of a request is the inverse of parsing it', () => {
    const target = fc.stringMatching(/^\/[!-~]{0,10}$/);
    fc.assert(
      fc.property(token, target, headers, (method, path, fields) => {
        const head = { method, target: path, httpVersion: '1.1', headers: fields };
        const result = requestHeadParser().push(formatRequestHead(head));
        expect(result).toMatchObject({ ok: true, head });
      }),
    );
  });

  test('of a response is the inverse of parsing it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), value, headers, (statusCode, reason, fields) => {
        const head = { statusCode, reason, httpVersion: '1.1', headers: fields };
        const result = responseHeadParser().push(formatResponseHead(head));
        expect(result).toMatchObject({ ok: true, head });
      }),
    );
  });

  test('of a response adds the reason phrase', () => {
    const bytes = formatResponseHead({ statusCode: 502, headers: [['Connection', 'close']] });
    expect(Buffer.from(bytes).toString('latin1')).toBe(
      'HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n',
    );
  });

  test.each<[Partial<RequestHead>, string]>([
    [{ method: 'G T' }, 'WS_ERR_ILLEGAL_METHOD'],
    [{ method: '' }, 'WS_ERR_ILLEGAL_METHOD'],
    [{ target: '' }, 'WS_ERR_ILLEGAL_TARGET'],
    [{ target: '/a b' }, 'WS_ERR_ILLEGAL_TARGET'],
    [{ target: '/ HTTP/1.1\r\nX: y' }, 'WS_ERR_ILLEGAL_TARGET'],
    [{ target: '/é' }, 'WS_ERR_ILLEGAL_TARGET'],
    [{ headers: [['A:', 'b']] }, 'WS_ERR_ILLEGAL_HEADER_NAME'],
    [{ headers: [['A', 'b\r\nX: y']] }, 'WS_ERR_ILLEGAL_HEADER_VALUE'],
    [{ headers: [['A', '\u0100']] }, 'WS_ERR_ILLEGAL_HEADER_VALUE'],
  ])('of a request rejects %j', (part, code) => {
    const head = { method: 'GET', target: '/', headers: [], ...part };
    expect(() => formatRequestHead(head)).toThrow(expect.objectContaining({ name: 'TypeError', code }));
  });

  test.each<[Partial<ResponseHead>, string]>([
    [{ statusCode: 99 }, 'WS_ERR_ILLEGAL_STATUS'],
    [{ statusCode: 1000 }, 'WS_ERR_ILLEGAL_STATUS'],
    [{ statusCode: 200.5 }, 'WS_ERR_ILLEGAL_STATUS'],
    [{ reason: 'OK\r\nX: y' }, 'WS_ERR_ILLEGAL_LINE'],
    [{ headers: [['A', '\n']] }, 'WS_ERR_ILLEGAL_HEADER_VALUE'],
  ])('of a response rejects %j', (part, code) => {
    expect(() => formatResponseHead({ statusCode: 200, headers: [], ...part })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe('the record of a head', () => {
  test('joins repeated fields, as Node does', () => {
    const record = headerRecord([
      ['A', '1'],
      ['Cookie', 'x=1'],
      ['Set-Cookie', 'y=1'],
      ['a', '2'],
      ['cookie', 'z=2'],
      ['SET-COOKIE', 'w=2'],
      ['set-cookie', 'v=3'],
    ]);
    expect(Object.entries(record)).toEqual([
      ['a', '1, 2'],
      ['cookie', 'x=1; z=2'],
      ['set-cookie', ['y=1', 'w=2', 'v=3']],
    ]);
  });

  test('treats names of object prototypes like any other', () => {
    const record = headerRecord([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
    expect(Object.entries(record)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
    expect(record['tostring']).toBeUndefined();
    expect(record).not.toHaveProperty('toString');
  });
});
