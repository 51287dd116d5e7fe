// allowedOrigins: which pages may connect, and what a list may hold.
import { describe, expect, test } from 'vitest';
import { WebSocketServer } from '@framewire/server';
import { answerTo, OurWebSocketServer, serverOf, thrown, upgradeRequest } from './support/peers.ts';

interface OriginOptions {
  allowedOrigins?: readonly string[] | null;
  allowMissingOrigin?: boolean;
}

/** The status that requests get, each with these values of `Origin`. */
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

  test('a refusal is like those of verifyClient, and is not told to wsClientError', async () => {
    const { wss, port } = await serverOf(OurWebSocketServer, { allowedOrigins } as object);
    wss.on('wsClientError', () => expect.fail('told'));
    expect(await answerTo(port, upgradeRequest({ Origin: 'https://evil.example' }))).toBe(
      'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\nForbidden',
    );
  });

  test('two Origin headers are refused, whichever comes first', async () => {
    const { port } = await serverOf(OurWebSocketServer, { allowedOrigins } as object);
    for (const Origin of [
      'https://example.com\r\nOrigin: https://evil.example',
      'https://evil.example\r\nOrigin: https://example.com',
    ]) {
      expect(await answerTo(port, upgradeRequest({ Origin }))).toMatch(/^HTTP\/1\.1 403/);
    }
  });

  test('the origin of version 8 is in Sec-WebSocket-Origin', async () => {
    const { port } = await serverOf(OurWebSocketServer, { allowedOrigins } as object);
    const version8 = { 'Sec-WebSocket-Version': '8', Origin: 'https://example.com' };
    expect(await answerTo(port, upgradeRequest(version8))).toMatch(/^HTTP\/1\.1 403/);
    expect(
      await answerTo(port, upgradeRequest({ ...version8, 'Sec-WebSocket-Origin': 'https://example.com' })),
    ).toMatch(/^HTTP\/1\.1 101/);
  });

  test('verifyClient is asked only about those that the list lets through', async () => {
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
    { title: 'may connect where there is no list', options: { allowMissingOrigin: false }, status: '101' },
  ])('a client that sends no Origin $title', async ({ options, status }) => {
    expect(await statuses(options, [undefined])).toEqual([status]);
  });

  test('allowMissingOrigin lets in no client that sends one', async () => {
    expect(
      await statuses({ allowedOrigins, allowMissingOrigin: true }, ['https://evil.example', 'null', '']),
    ).toEqual(['403', '403', '403']);
  });

  test('the origin of files and sandboxed frames may be listed', async () => {
    expect(await statuses({ allowedOrigins: ['null'] }, ['null', 'https://example.com', undefined])).toEqual([
      '101',
      '403',
      '403',
    ]);
  });

  test('without a list, or with null, any origin may connect', async () => {
    for (const options of [{}, { allowedOrigins: null }]) {
      expect(await statuses(options, ['https://example.com', 'null', undefined])).toEqual([
        '101',
        '101',
        '101',
      ]);
    }
  });
});

describe('an entry that no browser would send is a TypeError that says how it is written:', () => {
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
