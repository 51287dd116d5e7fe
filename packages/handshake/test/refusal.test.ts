// Rejected upgrades, and the error table.
import { STATUS_CODES } from 'node:http';
import {
  createRefusal,
  formatRefusal,
  HANDSHAKE_ERRORS,
  handshakeError,
  isRefusal,
  reasonPhrase,
  refusalError,
  refusalOf,
  UpgradeRefusal,
  type HandshakeRule,
  type OutgoingHeaders,
  type Refusal,
  type RefusalRule,
} from '@framewire/handshake';
import { describe, expect, test } from 'vitest';

/** The response of a refusal as text, one character per byte. */
function responseOf(refusal: Refusal): string {
  return Buffer.from(formatRefusal(refusal)).toString('latin1');
}

const rules = Object.keys(HANDSHAKE_ERRORS) as HandshakeRule[];

describe('a refusal', () => {
  test('of an unknown version names the supported ones', () => {
    expect(responseOf(refusalOf('INVALID_VERSION'))).toBe(
      'HTTP/1.1 400 Bad Request\r\n' +
        'Connection: close\r\n' +
        'Content-Type: text/html\r\n' +
        'Content-Length: 47\r\n' +
        'Sec-WebSocket-Version: 13, 8\r\n\r\n' +
        'Missing or invalid Sec-WebSocket-Version header',
    );
  });

  test('by the application has the reason phrase as its default body', () => {
    for (const message of [undefined, '']) {
      expect(responseOf(createRefusal(503, message))).toBe(
        'HTTP/1.1 503 Service Unavailable\r\n' +
          'Connection: close\r\n' +
          'Content-Type: text/html\r\n' +
          'Content-Length: 19\r\n\r\n' +
          'Service Unavailable',
      );
    }
  });

  test('counts the bytes of its body in UTF-8', () => {
    const response = Buffer.from(formatRefusal(createRefusal(401, 'né€')));
    expect(response.toString()).toContain('Content-Length: 6\r\n\r\nné€');
  });

  test('accepts headers that replace its own, except the length of the body', () => {
    const headers = {
      'content-type': 'text/plain',
      'CONTENT-LENGTH': 999,
      'Transfer-Encoding': 'chunked',
      'Set-Cookie': ['a=1', 'b=2'],
      'X-Missing': undefined,
    };
    expect(responseOf(createRefusal(401, 'no', headers))).toBe(
      'HTTP/1.1 401 Unauthorized\r\n' +
        'Connection: close\r\n' +
        'content-type: text/plain\r\n' +
        'Content-Length: 2\r\n' +
        'Set-Cookie: a=1\r\n' +
        'Set-Cookie: b=2\r\n\r\n' +
        'no',
    );
  });

  test('escapes its body as HTML, because it may repeat what the client sent', () => {
    const target = '/<script>alert("1")</script>?a=1&b=2';
    const refusal = createRefusal(404, `Nothing at ${target}`);
    const body = 'Nothing at /&lt;script&gt;alert("1")&lt;/script&gt;?a=1&amp;b=2';
    expect(responseOf(refusal)).toMatch(/\r\nContent-Type: text\/html\r\nContent-Length: 63\r\n/);
    expect(responseOf(refusal).split('\r\n\r\n')[1]).toBe(body);
    // The error is not HTML.
    expect(refusalError(refusal).message).toBe(`Nothing at ${target}`);
  });

  test.each(['Content-Type', 'content-type'])(
    'sends its body unchanged if the application sets %s',
    (name) => {
      const refusal = createRefusal(404, '<p>a & b</p>', { [name]: 'text/html; charset=utf-8' });
      expect(responseOf(refusal)).toContain('\r\nContent-Length: 12\r\n\r\n<p>a & b</p>');
    },
  );

  test('has its headers in Latin-1 and its body in UTF-8', () => {
    const response = responseOf(createRefusal(401, 'é', { 'X-A': 'é' }));
    expect(response).toContain('\r\nX-A: \xe9\r\n');
    expect(response).toMatch(/\r\n\r\n\xc3\xa9$/);
  });

  test('accepts the header values that http.request accepts, and null headers', () => {
    const date = new Date(0);
    const headers = { 'X-A': Buffer.from('té'), 'X-B': date, 'X-C': null, 'X-D': [true, 5n] };
    const response = responseOf(createRefusal(401, 'no', headers as unknown as OutgoingHeaders));
    expect(response).toContain(
      `\r\nX-A: t\xe9\r\nX-B: ${String(date)}\r\nX-C: null\r\nX-D: true\r\nX-D: 5\r\n`,
    );
    expect(responseOf(createRefusal(401, 'no', null))).toBe(responseOf(createRefusal(401, 'no')));
  });

  test.each([0, 101, 199, 1000, 400.5, NaN])('cannot have the status %s', (status) => {
    expect(() => createRefusal(status)).toThrow(
      expect.objectContaining({ name: 'RangeError', code: 'WS_ERR_ILLEGAL_STATUS' }),
    );
  });

  test('cannot contain an injected header, whichever function created it', () => {
    const illegal = { 'X-A': 'b\r\nX-C: d' };
    const thrown = expect.objectContaining({ name: 'TypeError', code: 'WS_ERR_ILLEGAL_HEADER_VALUE' });
    expect(() => createRefusal(401, 'no', illegal)).toThrow(thrown);
    expect(() => formatRefusal({ ...refusalOf('INVALID_KEY'), headers: illegal })).toThrow(thrown);
    expect(() => createRefusal(401, 'no', { 'X A': 'b' })).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'WS_ERR_ILLEGAL_HEADER_NAME' }),
    );
  });

  test('can be converted to an error, with the code of its rule if it has one', () => {
    expect(refusalError(refusalOf('INVALID_METHOD'))).toMatchObject({
      name: 'Error',
      message: 'Invalid HTTP method',
      code: 'WS_ERR_INVALID_METHOD',
    });
    const own = refusalError(createRefusal(401));
    expect(own.message).toBe('Unauthorized');
    expect(own).not.toHaveProperty('code');
  });

  test.each(rules.filter((rule) => HANDSHAKE_ERRORS[rule].status > 0))('exists for the rule %s', (rule) => {
    const { status, message } = HANDSHAKE_ERRORS[rule];
    const response = responseOf(refusalOf(rule as RefusalRule));
    expect(response.startsWith(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`)).toBe(true);
    expect(response.endsWith(`\r\n\r\n${message}`)).toBe(true);
  });
});

describe('the error table', () => {
  test('gives each rule a different code', () => {
    expect(new Set(rules.map((rule) => HANDSHAKE_ERRORS[rule].code)).size).toBe(rules.length);
  });

  test.each(rules)('creates the error of %s: class, code, message with the detail', (rule) => {
    const { code, type, message } = HANDSHAKE_ERRORS[rule];
    const error = handshakeError(rule, '$&');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: type, code, message: message.replace('{}', () => '$&') });
  });
});

test('reason phrases are those of Node', () => {
  for (const [status, reason] of Object.entries(STATUS_CODES))
    expect(reasonPhrase(Number(status))).toBe(reason);
  expect(reasonPhrase(499)).toBe('Unknown');
});

describe('an UpgradeRefusal', () => {
  test('is an error that is sent as the refusal with the same status, body and headers', () => {
    const headers = { 'WWW-Authenticate': 'Bearer' };
    const refusal = new UpgradeRefusal(401, { body: 'Who are you?', headers });
    expect(refusal).toBeInstanceOf(Error);
    expect(String(refusal)).toBe('UpgradeRefusal: Who are you?');
    expect(responseOf(refusal)).toBe(responseOf(createRefusal(401, 'Who are you?', headers)));
    expect(responseOf(new UpgradeRefusal(403))).toBe(responseOf(createRefusal(403)));
  });

  test('throws for values that cannot be sent', () => {
    expect(() => new UpgradeRefusal(199)).toThrow(expect.objectContaining({ code: 'WS_ERR_ILLEGAL_STATUS' }));
    expect(() => new UpgradeRefusal(401, { headers: { A: 'a\r\nB: b' } })).toThrow(
      expect.objectContaining({ code: 'WS_ERR_ILLEGAL_HEADER_VALUE' }),
    );
  });

  test('is recognised, as is the result of createRefusal(), and nothing else is', () => {
    expect(isRefusal(new UpgradeRefusal(401))).toBe(true);
    expect(isRefusal({ ...createRefusal(401) })).toBe(true);
    for (const other of [undefined, null, 401, 'no', { status: 401 }, new Error('no')]) {
      expect(isRefusal(other)).toBe(false);
    }
  });

  test('is not confused with an error of an HTTP client, whose headers and message must not be sent', () => {
    const headers = { 'set-cookie': 'session=1' };
    const error = Object.assign(new Error('Upstream said no'), { code: 'ERR_STATUS', status: 403, headers });
    expect(isRefusal(error)).toBe(false);
    expect(isRefusal(Object.assign(error, { code: undefined }))).toBe(false);
    expect(isRefusal({ code: undefined, status: 403, message: 'no', headers, body: '' })).toBe(false);
  });

  test('is recognised from another copy of the package, and as a subclass', () => {
    class Unauthorized extends UpgradeRefusal {}
    expect(isRefusal(new Unauthorized(401))).toBe(true);
    const mark = Symbol.for('framewire.UpgradeRefusal');
    class OfAnotherCopy extends Error {
      [mark](): void {}
    }
    expect(isRefusal(new OfAnotherCopy())).toBe(true);
  });
});
