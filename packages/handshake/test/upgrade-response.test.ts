// The upgrade response: created by a server, checked by a client.
import {
  acceptUpgrade,
  checkUpgradeRequest,
  checkUpgradeResponse,
  formatHead,
  headerRecord,
  responseHeadParser,
  type IncomingHeaders,
  type ResponseExpectation,
  type UpgradeResponseCheck,
} from '@framewire/handshake';
import { describe, expect, test } from 'vitest';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

const none = 'Server sent a Sec-WebSocket-Extensions header but no extension was requested';

const valid: IncomingHeaders = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-accept': ACCEPT,
};

function check(
  headers: IncomingHeaders,
  expectation: Partial<ResponseExpectation> = {},
  statusCode: number | undefined = 101,
): UpgradeResponseCheck {
  return checkUpgradeResponse(
    { statusCode, headers: { ...valid, ...headers } },
    { key: KEY, ...expectation },
  );
}

/** The head for the lines, one character per byte. */
function textOf(lines: readonly string[]): string {
  return Buffer.from(formatHead(lines)).toString('latin1');
}

/** The message of the error, or `ok`. */
function outcome(result: UpgradeResponseCheck): string {
  return result.ok ? 'ok' : result.error.message;
}

describe('a server that accepts an upgrade', () => {
  test('answers with the response of RFC 6455 §1.3', () => {
    expect(textOf(acceptUpgrade({ key: KEY, protocol: 'chat' }))).toBe(
      'HTTP/1.1 101 Switching Protocols\r\n' +
        'Upgrade: websocket\r\n' +
        'Connection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${ACCEPT}\r\n` +
        'Sec-WebSocket-Protocol: chat\r\n\r\n',
    );
  });

  test('names its extensions and adds the given headers', () => {
    const lines = acceptUpgrade({
      key: KEY,
      extensions: [{ name: 'x', params: [{ name: 'y', value: '1' }] }],
      headers: { 'Set-Cookie': ['a=1', 'b=2'], 'X-Number': 5, 'X-Missing': undefined },
    });
    expect(lines.slice(4)).toEqual([
      'Sec-WebSocket-Extensions: x; y=1',
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
      'X-Number: 5',
    ]);
  });

  test('omits empty values', () => {
    expect(acceptUpgrade({ key: KEY, protocol: '', extensions: [] })).toHaveLength(4);
    expect(acceptUpgrade({ key: KEY, protocol: undefined, extensions: '' })).toHaveLength(4);
  });

  test.each<[string, object, string]>([
    ['key', { key: 'x' }, 'WS_ERR_ILLEGAL_KEY'],
    ['subprotocol', { protocol: 'a\r\nX: y' }, 'WS_ERR_ILLEGAL_SUBPROTOCOL'],
    ['extension', { extensions: [{ name: 'a b', params: [] }] }, 'WS_ERR_ILLEGAL_EXTENSION'],
    ['extension header', { extensions: 'a\r\nX: y' }, 'WS_ERR_ILLEGAL_HEADER_VALUE'],
    ['header name', { headers: { 'a:b': 'c' } }, 'WS_ERR_ILLEGAL_HEADER_NAME'],
    ['header value', { headers: { a: 'c\r\nX: y' } }, 'WS_ERR_ILLEGAL_HEADER_VALUE'],
  ])('throws for an illegal %s: %j', (_, options, code) => {
    expect(() => acceptUpgrade({ key: KEY, ...options })).toThrow(expect.objectContaining({ code }));
  });

  test('lets the caller change the lines, but a line cannot become two', () => {
    const lines = acceptUpgrade({ key: KEY });
    lines.push('X-Added: é');
    // One byte per character: a string would be written as UTF-8.
    expect(textOf(lines)).toMatch(/\r\nX-Added: \xe9\r\n\r\n$/);
    for (const line of ['', 'X: y\r\nZ: 1', 'X: \n', 'no colon', ': empty', ' X: folded', 'X : y', 'X: Ā']) {
      expect(() => formatHead([...lines, line])).toThrow(
        expect.objectContaining({ name: 'TypeError', message: 'Illegal header line at index 5' }),
      );
    }
  });
});

describe('a client that checks the response', () => {
  test('opens the connection on the response of RFC 6455 §1.3', () => {
    expect(check({ 'sec-websocket-protocol': 'chat' }, { subprotocols: ['chat', 'superchat'] })).toEqual({
      ok: true,
      protocol: 'chat',
      extensions: [],
    });
  });

  test('opens it without subprotocol and extensions if it requested none', () => {
    expect(check({})).toEqual({ ok: true, protocol: '', extensions: [] });
  });

  test.each([200, 100, 301, 404, 500, undefined])('fails the connection on status %s', (statusCode) => {
    const result = checkUpgradeResponse({ statusCode, headers: valid }, { key: KEY });
    expect(result).toMatchObject({ ok: false, error: { code: 'WS_ERR_UNEXPECTED_RESPONSE' } });
    expect(outcome(result)).toBe(`Unexpected server response: ${statusCode ?? ''}`);
  });

  test.each([undefined, '', 'foo', 'websocket, foo', ['websocket', 'websocket']])(
    'fails the connection on Upgrade: %j',
    (upgrade) => {
      expect(outcome(check({ upgrade }))).toBe('Invalid Upgrade header');
    },
  );

  test('accepts Upgrade in any case', () => {
    expect(outcome(check({ upgrade: 'WebSocket' }))).toBe('ok');
  });

  test('fails the connection without "upgrade" in Connection, unless strict is false', () => {
    expect(outcome(check({ connection: 'close' }))).toBe('Invalid Connection header');
    expect(outcome(check({ connection: undefined }))).toBe('Invalid Connection header');
    expect(outcome(check({ connection: 'close' }, { strict: false }))).toBe('ok');
  });

  test.each([undefined, '', 'foo', ACCEPT.toLowerCase(), `${ACCEPT} `, [ACCEPT, ACCEPT]])(
    'fails the connection on Sec-WebSocket-Accept: %j',
    (accept) => {
      expect(outcome(check({ 'sec-websocket-accept': accept }))).toBe('Invalid Sec-WebSocket-Accept header');
    },
  );

  test('fails the connection on a 101 that announces a body, unless strict is false', () => {
    for (const headers of [{ 'content-length': '3' }, { 'transfer-encoding': 'chunked' }]) {
      expect(outcome(check(headers))).toBe('Content-Length or Transfer-Encoding on an upgrade');
      expect(outcome(check(headers, { strict: false }))).toBe('ok');
    }
    expect(outcome(check({ 'content-length': '0' }))).toBe('ok');
  });

  test.each([
    [['a'], undefined, 'Server sent no subprotocol'],
    [undefined, 'a', 'Server sent a subprotocol but none was requested'],
    [['a'], 'b', 'Server sent an invalid subprotocol'],
    [new Set('a'), 'b', 'Server sent an invalid subprotocol'],
    [new Set('a'), 'a', 'ok'],
    // Not a legal value, but it does not indicate a subprotocol (RFC 6455 §4.1, item 6 of the checks).
    [['a'], '', 'Server sent no subprotocol'],
    [[], '', 'ok'],
    [undefined, '', 'ok'],
    [['a', 'b'], 'a, b', 'Server sent an invalid subprotocol'],
    [['a', 'b'], ['a', 'b'], 'Server sent an invalid subprotocol'],
    [['a'], 'A', 'Server sent an invalid subprotocol'],
    [['a', 'b'], 'b', 'ok'],
  ])('after requesting %j, with the subprotocol %j, returns: %s', (subprotocols, protocol, expected) => {
    expect(outcome(check({ 'sec-websocket-protocol': protocol }, { subprotocols }))).toBe(expected);
  });

  test('lets the server choose no subprotocol if none is required', () => {
    const expectation = { subprotocols: ['a'], subprotocolRequired: false };
    expect(check({}, expectation)).toMatchObject({ ok: true, protocol: '' });
    expect(outcome(check({ 'sec-websocket-protocol': 'b' }, expectation))).toBe(
      'Server sent an invalid subprotocol',
    );
  });

  const unrequested = 'Server indicated an extension that was not requested';
  const invalid = 'Invalid Sec-WebSocket-Extensions header';
  test.each([
    [undefined, 'a', none],
    [[], '', none],
    [['a'], '', invalid],
    [['a'], 'a;;b', invalid],
    [['a'], 'b', unrequested],
    [['a'], 'a, b', unrequested],
    [['a'], 'A', unrequested],
    [['a'], 'constructor', unrequested],
    [['a'], 'a, a; x', invalid],
    [['a'], 'a; x=1', 'ok'],
    [['a'], undefined, 'ok'],
    ['a; b=1, c', 'c', 'ok'],
    ['a; b=1, c', 'b', unrequested],
    ['', 'a', none],
    ['a;;', 'a', none],
    [[{ name: 'a', params: [] }, 'b'], 'b, a', 'ok'],
    [[{ name: 'a', params: [] }], 'b', unrequested],
  ])('after offering %j, with the extensions %j, returns: %s', (extensions, header, expected) => {
    expect(outcome(check({ 'sec-websocket-extensions': header }, { extensions }))).toBe(expected);
  });

  test("returns the extensions in the server's order", () => {
    expect(check({ 'sec-websocket-extensions': ['b; x=1', 'a'] }, { extensions: ['a', 'b'] })).toMatchObject({
      ok: true,
      extensions: [
        { name: 'b', params: [{ name: 'x', value: '1' }] },
        { name: 'a', params: [] },
      ],
    });
  });

  test('throws for a key that cannot have been sent', () => {
    expect(() => check({}, { key: 'x' })).toThrow(expect.objectContaining({ code: 'WS_ERR_ILLEGAL_KEY' }));
  });
});

describe('a proxy passes its checked request as the expectation', () => {
  // Heads as sent by Chromium 140 and Firefox 140, and by curl without either header.
  test.each([
    ['chat, superchat', 'permessage-deflate; client_max_window_bits'],
    ['chat', 'permessage-deflate'],
    [undefined, undefined],
  ])('with the subprotocols %j and the offer %j', (subprotocols, offer) => {
    const request = checkUpgradeRequest({
      method: 'GET',
      headers: {
        ...valid,
        host: 'example.com',
        'sec-websocket-key': KEY,
        'sec-websocket-version': '13',
        'sec-websocket-protocol': subprotocols,
        'sec-websocket-extensions': offer,
      },
    });
    if (!request.ok) throw new Error('refused');
    const answer = (more: IncomingHeaders): string =>
      outcome(checkUpgradeResponse({ statusCode: 101, headers: { ...valid, ...more } }, request));
    const asked = subprotocols !== undefined;
    // The server chooses, so neither has to be in its response.
    expect(answer({})).toBe('ok');
    expect(answer({ 'sec-websocket-protocol': 'chat' })).toBe(
      asked ? 'ok' : 'Server sent a subprotocol but none was requested',
    );
    expect(answer({ 'sec-websocket-protocol': 'other' })).not.toBe('ok');
    expect(answer({ 'sec-websocket-extensions': 'permessage-deflate; server_no_context_takeover' })).toBe(
      asked ? 'ok' : none,
    );
    expect(answer({ 'sec-websocket-extensions': 'x' })).not.toBe('ok');
    expect(answer({ 'sec-websocket-accept': 'x' })).toBe('Invalid Sec-WebSocket-Accept header');
  });
});

test('a client opens what a server accepts', () => {
  const lines = acceptUpgrade({ key: KEY, protocol: 'b', extensions: 'x; y=1' });
  const result = responseHeadParser().push(formatHead(lines));
  if (!result?.ok) throw new Error('the head was not read');
  const { statusCode, headers } = result.head;
  expect(
    checkUpgradeResponse(
      { statusCode, headers: headerRecord(headers) },
      { key: KEY, subprotocols: ['a', 'b'], extensions: ['x'] },
    ),
  ).toEqual({ ok: true, protocol: 'b', extensions: [{ name: 'x', params: [{ name: 'y', value: '1' }] }] });
});
