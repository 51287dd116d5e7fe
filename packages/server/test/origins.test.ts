// allowedOrigins: which pages may connect, and which entries are valid.
import { describe, expect, test } from 'vitest';
import { WebSocketServer } from '@framewire/server';
import { answerTo, OurWebSocketServer, serverOf, thrown, upgradeRequest } from './support/peers.ts';

interface OriginOptions {
  allowedOrigins?: readonly string[] | null;
  allowMissingOrigin?: boolean;
}

/** The statuses of requests with these values of `Origin`. */
async function statuses(options: OriginOptions, origins: (string | undefined)[]): Promise<string[]> {
  const { port } = await serverOf(OurWebSocketServer, options as object);
  const answers: string[] = [];
  for (const Origin of origins) {
    answers.push((await answerTo(port, upgradeRequest({ Origin }))).slice(9, 12));
  }
  return answers;
}

const allowedOrigins = ['https://example.com', 'http://localhost:3000', 'capacitor://localhost'];

describe('with allowedOrigins', () => {
  test('each origin of the list may connect', async () => {
    expect(await statuses({ allowedOrigins }, allowedOrigins)).toEqual(['101', '101', '101']);
  });

  test.each([
    'http://example.com',
    'https://example.com:8443',
    'https://example.com.evil.example',
    'https://evil-example.com',
    'https://www.example.com',
    'https://example.com/',
    'https://example.com@evil.example',
    'HTTPS://EXAMPLE.COM',
    'https://example.com https://evil.example',
    'https://evil.example, https://example.com',
    'null',
    '',
    'constructor',
  ])('a client from "%s" is refused', async (origin) => {
    expect(await statuses({ allowedOrigins }, [origin])).toEqual(['403']);
  });

  test('sends the same refusal as verifyClient, and does not emit wsClientError', async () => {
    const { wss, port } = await serverOf(OurWebSocketServer, { allowedOrigins } as object);
    wss.on('wsClientError', () => expect.fail('emitted'));
    expect(await answerTo(port, upgradeRequest({ Origin: 'https://evil.example' }))).toBe(
      'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\nForbidden',
    );
  });

  test('refuses a request with two Origin headers in either order', async () => {
    const { port } = await serverOf(OurWebSocketServer, { allowedOrigins } as object);
    for (const Origin of [
      'https://example.com\r\nOrigin: https://evil.example',
      'https://evil.example\r\nOrigin: https://example.com',
    ]) {
      expect(await answerTo(port, upgradeRequest({ Origin }))).toMatch(/^HTTP\/1\.1 403/);
    }
  });

  test('reads the origin from Sec-WebSocket-Origin in version 8', async () => {
    const { port } = await serverOf(OurWebSocketServer, { allowedOrigins } as object);
    const version8 = { 'Sec-WebSocket-Version': '8', Origin: 'https://example.com' };
    expect(await answerTo(port, upgradeRequest(version8))).toMatch(/^HTTP\/1\.1 403/);
    expect(
      await answerTo(port, upgradeRequest({ ...version8, 'Sec-WebSocket-Origin': 'https://example.com' })),
    ).toMatch(/^HTTP\/1\.1 101/);
  });

  test('calls verifyClient only for origins in the list', async () => {
    const asked: unknown[] = [];
    const { port } = await serverOf(OurWebSocketServer, {
      allowedOrigins,
      verifyClient: ({ origin }: { origin: unknown }) => asked.push(origin) < 0,
    } as object);
    for (const Origin of ['https://evil.example', 'https://example.com']) {
      await answerTo(port, upgradeRequest({ Origin }));
    }
    expect(asked).toEqual(['https://example.com']);
  });

  test.each([
    { title: 'is refused', options: { allowedOrigins }, status: '403' },
    {
      title: 'may connect with allowMissingOrigin',
      options: { allowedOrigins, allowMissingOrigin: true },
      status: '101',
    },
    { title: 'is refused by an empty list', options: { allowedOrigins: [] }, status: '403' },
    { title: 'may connect without a list', options: { allowMissingOrigin: false }, status: '101' },
  ])('a client that sends no Origin $title', async ({ options, status }) => {
    expect(await statuses(options, [undefined])).toEqual([status]);
  });

  test('with allowMissingOrigin, still refuses clients that send another origin', async () => {
    expect(
      await statuses({ allowedOrigins, allowMissingOrigin: true }, ['https://evil.example', 'null', '']),
    ).toEqual(['403', '403', '403']);
  });

  test('accepts the origin of files and sandboxed frames as an entry', async () => {
    expect(await statuses({ allowedOrigins: ['null'] }, ['null', 'https://example.com', undefined])).toEqual([
      '101',
      '403',
      '403',
    ]);
  });

  test('allows any origin without a list, or with null', async () => {
    for (const options of [{}, { allowedOrigins: null }]) {
      expect(await statuses(options, ['https://example.com', 'null', undefined])).toEqual([
        '101',
        '101',
        '101',
      ]);
    }
  });
});

describe('throws a TypeError with the correct form for an entry that no browser sends:', () => {
  test.each([
    ['https://example.com/', ': write "https://example.com"'],
    ['https://example.com/chat?a#b', ': write "https://example.com"'],
    ['https://Example.COM', ': write "https://example.com"'],
    ['https://example.com:443', ': write "https://example.com"'],
    ['http://user@example.com:80', ': write "http://example.com"'],
    ['https://bücher.example', ': write "https://xn--bcher-kva.example"'],
    ['wss://example.com', ': write "https://example.com"'],
    ['ws://localhost:8080', ': write "http://localhost:8080"'],
    ['capacitor://localhost/', ': write "capacitor://localhost"'],
    ['example.com', ''],
    ['localhost:3000', ''],
    ['https://*.example.com', ''],
    ['*', ''],
    ['', ''],
    ['https://', ''],
  ])('%s', (entry, hint) => {
    expect(thrown(() => new WebSocketServer({ noServer: true, allowedOrigins: [entry] }))).toBe(
      `TypeError: allowedOrigins: "${entry}" is not a serialised origin${hint}`,
    );
  });
});
