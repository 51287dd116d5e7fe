// The upgrade request: created by a client, checked by a server.
import {
  checkUpgradeRequest,
  createUpgradeRequest,
  formatRequestHead,
  headerRecord,
  requestHeadParser,
  upgradeRequestHeaders,
  type IncomingHeaders,
  type OutgoingHeaders,
  type UpgradeRequestCheck,
} from '@framewire/handshake';
import { describe, expect, test } from 'vitest';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

const valid: IncomingHeaders = {
  host: 'example.com',
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-key': KEY,
  'sec-websocket-version': '13',
};

function check(
  headers: IncomingHeaders,
  method: string | undefined = 'GET',
  strict = true,
): UpgradeRequestCheck {
  return checkUpgradeRequest({ method, headers: { ...valid, ...headers } }, { strict });
}

/** The status and the code of the refusal, or `ok`. */
function outcome(result: UpgradeRequestCheck): unknown {
  return result.ok ? 'ok' : [result.refusal.status, result.refusal.code];
}

describe('a server that checks an upgrade request', () => {
  test('accepts the request of RFC 6455 §1.3', () => {
    const bytes = Buffer.from(
      'GET /chat HTTP/1.1\r\n' +
        'Host: server.example.com\r\n' +
        'Upgrade: websocket\r\n' +
        'Connection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
        'Origin: http://example.com\r\n' +
        'Sec-WebSocket-Protocol: chat, superchat\r\n' +
        'Sec-WebSocket-Version: 13\r\n\r\n',
    );
    const result = requestHeadParser().push(bytes);
    if (!result?.ok) throw new Error('the head was not read');
    const { method, httpVersion, headers } = result.head;
    expect(checkUpgradeRequest({ method, httpVersion, headers: headerRecord(headers) })).toEqual({
      ok: true,
      key: KEY,
      version: 13,
      subprotocols: new Set(['chat', 'superchat']),
      subprotocolRequired: false,
      extensions: undefined,
      origin: 'http://example.com',
    });
  });

  test.each([undefined, 'POST', 'get', 'CONNECT', ''])('rejects the method %j with 405', (method) => {
    const result = checkUpgradeRequest({ method, headers: valid });
    expect(outcome(result)).toEqual([405, 'WS_ERR_INVALID_METHOD']);
  });

  test.each([
    ['websocket', 'ok'],
    ['WebSocket', 'ok'],
    ['WEBSOCKET', 'ok'],
    [undefined, [400, 'WS_ERR_INVALID_UPGRADE']],
    ['', [400, 'WS_ERR_INVALID_UPGRADE']],
    ['foo', [400, 'WS_ERR_INVALID_UPGRADE']],
    ['websocket, foo', [400, 'WS_ERR_INVALID_UPGRADE']],
    ['websoc\u212aet', [400, 'WS_ERR_INVALID_UPGRADE']],
    ['websocket2', [400, 'WS_ERR_INVALID_UPGRADE']],
    [
      ['websocket', 'websocket'],
      [400, 'WS_ERR_INVALID_UPGRADE'],
    ],
  ])('with Upgrade: %j returns %j', (upgrade, expected) => {
    expect(outcome(check({ upgrade }))).toEqual(expected);
  });

  test.each([
    ['Upgrade', 'ok'],
    ['keep-alive, upgrade', 'ok'],
    ['keep-alive,\tUPGRADE , x', 'ok'],
    [['keep-alive', 'Upgrade'], 'ok'],
    [undefined, [400, 'WS_ERR_INVALID_CONNECTION']],
    ['keep-alive', [400, 'WS_ERR_INVALID_CONNECTION']],
    ['upgrades', [400, 'WS_ERR_INVALID_CONNECTION']],
    ['not upgrade', [400, 'WS_ERR_INVALID_CONNECTION']],
  ])('with Connection: %j returns %j', (connection, expected) => {
    expect(outcome(check({ connection }))).toEqual(expected);
    expect(outcome(check({ connection }, 'GET', false))).toBe('ok');
  });

  test.each([undefined, '', 'foo', 'dGhlIHNhbXBsZSBub25jZQ=', `${KEY}=`, [KEY, KEY]])(
    'rejects the key %j',
    (key) => {
      expect(outcome(check({ 'sec-websocket-key': key }))).toEqual([400, 'WS_ERR_INVALID_KEY']);
    },
  );

  test.each([
    ['13', 13],
    ['8', 8],
  ])('accepts version %s', (version, expected) => {
    expect(check({ 'sec-websocket-version': version })).toMatchObject({ ok: true, version: expected });
  });

  test.each([undefined, '', '7', '12', '14', '013', '13.0', '0x0d', '13, 8', ['13', '13']])(
    'rejects version %j, and names the supported ones',
    (version) => {
      const result = check({ 'sec-websocket-version': version });
      expect(result).toMatchObject({
        ok: false,
        refusal: {
          status: 400,
          code: 'WS_ERR_INVALID_VERSION',
          headers: { 'Sec-WebSocket-Version': '13, 8' },
        },
      });
    },
  );

  test.each([
    ['1.1', 'ok'],
    [undefined, 'ok'],
    ['1.0', [505, 'WS_ERR_INVALID_HTTP_VERSION']],
    ['2.0', [505, 'WS_ERR_INVALID_HTTP_VERSION']],
  ])('with HTTP version %j returns %j', (httpVersion, expected) => {
    expect(outcome(checkUpgradeRequest({ method: 'GET', httpVersion, headers: valid }))).toEqual(expected);
  });

  test.each([
    ['example.com', 'ok'],
    ['[::1]:8080', 'ok'],
    [undefined, [400, 'WS_ERR_INVALID_HOST']],
    ['', [400, 'WS_ERR_INVALID_HOST']],
    ['a, b', [400, 'WS_ERR_INVALID_HOST']],
    ['a/b', [400, 'WS_ERR_INVALID_HOST']],
    ['user@a', [400, 'WS_ERR_INVALID_HOST']],
  ])('with Host: %j returns %j', (host, expected) => {
    expect(outcome(check({ host }))).toEqual(expected);
    expect(outcome(check({ host }, 'GET', false))).toBe('ok');
  });

  test.each([
    [{ 'content-length': '0' }, 'ok'],
    [{ 'content-length': '5' }, [400, 'WS_ERR_UNEXPECTED_BODY']],
    [{ 'content-length': '00' }, [400, 'WS_ERR_UNEXPECTED_BODY']],
    [{ 'transfer-encoding': 'chunked' }, [400, 'WS_ERR_UNEXPECTED_BODY']],
    [{ 'transfer-encoding': '' }, [400, 'WS_ERR_UNEXPECTED_BODY']],
  ])('with the announced body %j returns %j', (headers, expected) => {
    expect(outcome(check(headers))).toEqual(expected);
    expect(outcome(check(headers, 'GET', false))).toBe('ok');
  });

  test.each(['', 'a,', 'a, a', 'a b', ['a', 'a']])('rejects the subprotocols %j', (header) => {
    expect(outcome(check({ 'sec-websocket-protocol': header }))).toEqual([
      400,
      'WS_ERR_INVALID_SUBPROTOCOL_REQUEST',
    ]);
  });

  test('accepts numbers as header values, which requests in tests may have', () => {
    expect(check({ 'sec-websocket-version': 13 })).toMatchObject({ ok: true, version: 13 });
    expect(check({ 'sec-websocket-version': 8 })).toMatchObject({ ok: true, version: 8 });
    expect(outcome(check({ 'sec-websocket-version': 12 }))).toEqual([400, 'WS_ERR_INVALID_VERSION']);
  });

  test('returns subprotocols, unparsed extensions, and the origin for the version', () => {
    const headers = {
      'sec-websocket-protocol': ['b', 'a'],
      'sec-websocket-extensions': 'not;;well formed',
      origin: 'https://new.example',
      'sec-websocket-origin': 'https://old.example',
    };
    expect(check(headers)).toMatchObject({
      subprotocols: new Set(['b', 'a']),
      extensions: 'not;;well formed',
      origin: 'https://new.example',
    });
    expect(check({ ...headers, 'sec-websocket-version': '8' })).toMatchObject({
      version: 8,
      origin: 'https://old.example',
    });
  });

  test('returns a new Set for each check', () => {
    const first = check({});
    const second = check({});
    if (!first.ok || !second.ok) throw new Error('refused');
    first.subprotocols.add('x');
    expect(second.subprotocols.size).toBe(0);
  });
});

describe('a client that creates an upgrade request', () => {
  test('sends a new key, version 13, and nothing else by default', () => {
    const { headers, key } = upgradeRequestHeaders();
    expect(Object.entries(headers)).toEqual([
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Key', key],
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
    ]);
    expect(upgradeRequestHeaders().key).not.toBe(key);
  });

  test('sends what the options contain', () => {
    const { headers } = upgradeRequestHeaders({
      key: KEY,
      subprotocols: ['chat', 'superchat'],
      extensions: [{ name: 'permessage-deflate', params: [{ name: 'client_max_window_bits', value: true }] }],
      origin: 'https://example.com',
      headers: { 'User-Agent': 'test', 'X-Number': 1, 'X-List': ['a', 'b'], 'X-Missing': undefined },
    });
    expect(Object.entries(headers)).toEqual([
      ['User-Agent', 'test'],
      ['X-Number', 1],
      ['X-List', ['a', 'b']],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Key', KEY],
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
      ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'],
      ['Sec-WebSocket-Protocol', 'chat,superchat'],
      ['Origin', 'https://example.com'],
    ]);
  });

  test('sends each value as http.request does, and throws for one that has no text, naming its header', () => {
    const date = new Date(0);
    const values = {
      Date: date,
      URL: new URL('http://example.com/a'),
      Buffer: Buffer.from('text'),
      Bytes: Uint8Array.of(1, 2),
      Null: null,
      Boolean: true,
      BigInt: 5n,
      Object: {},
      List: ['a', 5, null, date],
      Lists: [['a', 'b'], []],
    };
    const { headers } = upgradeRequestHeaders({ headers: values as unknown as OutgoingHeaders });
    expect(headers).toMatchObject({
      Date: String(date),
      URL: 'http://example.com/a',
      Buffer: 'text',
      Bytes: '1,2',
      Null: 'null',
      Boolean: 'true',
      BigInt: '5',
      Object: '[object Object]',
      List: ['a', '5', 'null', String(date)],
      Lists: ['a,b', ''],
    });
    const nothing = Object.create(null) as object;
    for (const value of [Symbol('s'), nothing, [undefined], ['a', Symbol('s')], 'Ā']) {
      const given = { 'X-A': 'a', 'X-B': value } as unknown as OutgoingHeaders;
      expect(() => upgradeRequestHeaders({ headers: given })).toThrow(
        expect.objectContaining({
          name: 'TypeError',
          code: 'WS_ERR_ILLEGAL_HEADER_VALUE',
          message: 'Illegal character in the value of header "X-B"',
        }),
      );
    }
  });

  test('sends its origin as Sec-WebSocket-Origin in version 8', () => {
    const { headers } = upgradeRequestHeaders({ version: 8, origin: 'https://example.com' });
    expect(headers).toMatchObject({
      'Sec-WebSocket-Version': '8',
      'Sec-WebSocket-Origin': 'https://example.com',
    });
    expect(headers).not.toHaveProperty('Origin');
  });

  test('lets no header of the caller replace one of the handshake, in any spelling', () => {
    const { headers, key } = upgradeRequestHeaders({
      extensions: 'x',
      headers: {
        'SEC-WEBSOCKET-KEY': KEY,
        upgrade: 'h2c',
        connection: 'close',
        'sec-websocket-extensions': 'y',
        'Sec-WebSocket-Protocol': 'mine',
        ['__proto__']: 'kept',
      },
    });
    expect(Object.entries(headers)).toEqual([
      ['Sec-WebSocket-Protocol', 'mine'],
      ['__proto__', 'kept'],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Key', key],
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
      ['Sec-WebSocket-Extensions', 'x'],
    ]);
  });

  test.each<[string, Parameters<typeof upgradeRequestHeaders>[0], string]>([
    ['key', { key: 'short' }, 'WS_ERR_ILLEGAL_KEY'],
    ['version', { version: 12 as 13 }, 'WS_ERR_ILLEGAL_VERSION'],
    ['subprotocol', { subprotocols: ['a\r\nX: y'] }, 'WS_ERR_ILLEGAL_SUBPROTOCOL'],
    ['extension', { extensions: [{ name: 'a\r\n', params: [] }] }, 'WS_ERR_ILLEGAL_EXTENSION'],
    ['extension header', { extensions: 'a\r\nX: y' }, 'WS_ERR_ILLEGAL_HEADER_VALUE'],
    ['origin', { origin: 'a\r\nX: y' }, 'WS_ERR_ILLEGAL_HEADER_VALUE'],
    ['header value', { headers: { 'X-A': 'a\nb' } }, 'WS_ERR_ILLEGAL_HEADER_VALUE'],
    ['header value', { headers: { 'X-A': ['a', 'b\0'] } }, 'WS_ERR_ILLEGAL_HEADER_VALUE'],
    ['header value', { headers: { 'X-A': 'Ā' } }, 'WS_ERR_ILLEGAL_HEADER_VALUE'],
    ['header name', { headers: { 'X A': 'b' } }, 'WS_ERR_ILLEGAL_HEADER_NAME'],
    ['header name', { headers: { 'X:\r\nY': 'b' } }, 'WS_ERR_ILLEGAL_HEADER_NAME'],
  ])('throws for an illegal %s: %j', (_, options, code) => {
    expect(() => upgradeRequestHeaders(options)).toThrow(expect.objectContaining({ code }));
  });

  test('throws the error of ws for an unknown version', () => {
    expect(() => upgradeRequestHeaders({ version: 12 as 13 })).toThrow(
      expect.objectContaining({
        name: 'RangeError',
        message: 'Unsupported protocol version: 12 (supported versions: 8, 13)',
      }),
    );
  });

  test('creates the complete request for another transport', () => {
    const request = createUpgradeRequest({
      host: 'example.com:8080',
      target: '/chat?x=1',
      key: KEY,
      headers: { HOST: 'other.example', 'Set-Thing': ['a', 'b'] },
    });
    expect(request.key).toBe(KEY);
    expect(Buffer.from(formatRequestHead(request)).toString('latin1')).toBe(
      'GET /chat?x=1 HTTP/1.1\r\n' +
        'Host: example.com:8080\r\n' +
        'Set-Thing: a\r\n' +
        'Set-Thing: b\r\n' +
        'Sec-WebSocket-Version: 13\r\n' +
        `Sec-WebSocket-Key: ${KEY}\r\n` +
        'Connection: Upgrade\r\n' +
        'Upgrade: websocket\r\n\r\n',
    );
  });

  test('requests / without a target', () => {
    expect(createUpgradeRequest({ host: 'a' }).target).toBe('/');
  });

  test.each(['', 'a b', 'a\r\nX: y', 'a/b'])('throws for the host %j', (host) => {
    expect(() => createUpgradeRequest({ host })).toThrow(
      expect.objectContaining({ code: 'WS_ERR_ILLEGAL_HEADER_VALUE' }),
    );
  });
});

test('a server accepts what a client creates, in both versions', () => {
  for (const version of [8, 13] as const) {
    const request = createUpgradeRequest({
      host: 'example.com',
      version,
      subprotocols: ['a', 'b'],
      extensions: 'x; y=1',
      origin: 'https://example.com',
    });
    const result = requestHeadParser().push(formatRequestHead(request));
    if (!result?.ok) throw new Error('the head was not read');
    const { method, httpVersion, headers } = result.head;
    expect(checkUpgradeRequest({ method, httpVersion, headers: headerRecord(headers) })).toEqual({
      ok: true,
      key: request.key,
      version,
      subprotocols: new Set(['a', 'b']),
      subprotocolRequired: false,
      extensions: 'x; y=1',
      origin: 'https://example.com',
    });
  }
});
