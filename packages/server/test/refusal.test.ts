// Which requests a server refuses, and how its answers compare with those of ws, byte for byte.
import { once } from 'node:events';
import http, { type OutgoingHttpHeaders } from 'node:http';
import net from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import { WebSocket, type ServerOptions } from 'ws';
import { describe, expect, test } from 'vitest';
import {
  answerTo,
  closing,
  httpServer,
  OurWebSocketServer,
  requestObject,
  serverOf,
  thrown,
  upgradeRequest,
  withBoth,
} from './support/peers.ts';

/** Sends a raw request to both servers, expects the same answer, and returns it. */
async function answer(request: string, options: ServerOptions = {}): Promise<string> {
  const [text] = await withBoth(async (Server) => {
    const { port } = await serverOf(Server, options);
    return [await answerTo(port, request)];
  });
  return text ?? '';
}

/** The bytes of a refusal. */
function refusal(status: string, body: string, ...more: string[]): string {
  const lines = ['Connection: close', 'Content-Type: text/html', `Content-Length: ${body.length}`, ...more];
  return `HTTP/1.1 ${status}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

describe('answers a request byte for byte like ws:', () => {
  test.each(['POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE'])('405 for the method %s', async (method) => {
    expect(await answer(upgradeRequest({}, `${method} / HTTP/1.1`))).toBe(
      refusal('405 Method Not Allowed', 'Invalid HTTP method'),
    );
  });

  test.each(['h2c', 'websocket2', 'websocket, h2c', '"websocket"'])(
    '400 for the upgrade %s',
    async (upgrade) => {
      expect(await answer(upgradeRequest({ Upgrade: upgrade }))).toBe(
        refusal('400 Bad Request', 'Invalid Upgrade header'),
      );
    },
  );

  test.each([
    undefined,
    '',
    'x',
    'dGhlIHNhbXBsZSBub25jZQ=',
    'dGhlIHNhbXBsZSBub25jZQ===',
    'dGhlIHNhbXBsZSBub25jZQQ==',
    '!!!!IHNhbXBsZSBub25jZQ==',
  ])('400 for the key %s', async (key) => {
    expect(await answer(upgradeRequest({ 'Sec-WebSocket-Key': key }))).toBe(
      refusal('400 Bad Request', 'Missing or invalid Sec-WebSocket-Key header'),
    );
  });

  test.each([undefined, '', '7', '9', '12', '14', '-13', 'thirteen'])(
    '400 and the supported versions for the version %s',
    async (version) => {
      expect(await answer(upgradeRequest({ 'Sec-WebSocket-Version': version }))).toBe(
        refusal(
          '400 Bad Request',
          'Missing or invalid Sec-WebSocket-Version header',
          'Sec-WebSocket-Version: 13, 8',
        ),
      );
    },
  );

  test.each(['', 'a,,b', 'a,a', 'a b', ',a', 'a,', '"a"', 'a;b'])(
    '400 for the subprotocols %j',
    async (protocol) => {
      expect(await answer(upgradeRequest({ 'Sec-WebSocket-Protocol': protocol }))).toBe(
        refusal('400 Bad Request', 'Invalid Sec-WebSocket-Protocol header'),
      );
    },
  );

  test('400 for another path', async () => {
    expect(await answer(upgradeRequest({}, 'GET /b HTTP/1.1'), { path: '/a' })).toBe(
      refusal('400 Bad Request', 'Bad Request'),
    );
  });

  test('401 if verifyClient returns false', async () => {
    expect(await answer(upgradeRequest(), { verifyClient: () => false })).toBe(
      refusal('401 Unauthorized', 'Unauthorized'),
    );
  });

  test.each<{ title: string; args: [code?: number, message?: string, headers?: OutgoingHttpHeaders] }>([
    { title: 'nothing more', args: [] },
    { title: 'a code', args: [403] },
    { title: 'a code of 0, which is 401', args: [0] },
    { title: 'a message', args: [403, 'not you'] },
    { title: 'an empty message', args: [403, ''] },
    { title: 'a message with more bytes than characters', args: [403, 'nö €'] },
    { title: 'headers', args: [429, 'later', { 'Retry-After': 120, 'X-A': 'b' }] },
  ])('what verifyClient passes to its callback: $title', async ({ args }) => {
    const text = await answer(upgradeRequest(), {
      verifyClient: (_info, callback) => setImmediate(callback, false, ...args),
    });
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  test('101 with the accept value of its key', async () => {
    const lines = ['Upgrade: websocket', 'Connection: Upgrade'];
    const accept = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
    for (const version of ['13', '8']) {
      expect(await answer(upgradeRequest({ 'Sec-WebSocket-Version': version }))).toBe(
        ['HTTP/1.1 101 Switching Protocols', ...lines, accept, '', ''].join('\r\n'),
      );
    }
    const protocols = { 'Sec-WebSocket-Protocol': 'a , b', Upgrade: 'WebSocket' };
    expect(await answer(upgradeRequest(protocols))).toMatch(/\r\nSec-WebSocket-Protocol: a\r\n\r\n$/);
  });
});

describe('what differs from ws', () => {
  test.each(['13.0', '0xd', '1.3e1', '013'])(
    'refuses the version %s, which ws reads as a number',
    async (text) => {
      const { port } = await serverOf(OurWebSocketServer);
      expect(await answerTo(port, upgradeRequest({ 'Sec-WebSocket-Version': text }))).toMatch(
        /^HTTP\/1.1 400/,
      );
    },
  );

  test('a verifyClient with a callback may be an async function', async () => {
    const { port, server } = await httpServer();
    new OurWebSocketServer({
      server,
      verifyClient: async (_info: unknown, callback: (ok: boolean) => void) =>
        callback(await Promise.resolve(false)),
    });
    expect(await answerTo(port, upgradeRequest())).toMatch(/^HTTP\/1\.1 401/);
  });
});

describe('a socket that carries a WebSocket', () => {
  const NO_HEAD = Buffer.alloc(0);
  const invalid = requestObject({ 'sec-websocket-key': 'x' });

  test('never receives an HTTP answer, whatever is wrong with the second request', async () => {
    for (const [request, options] of [
      [invalid, {}],
      [requestObject(), { path: '/a' }],
      [requestObject(), { allowedOrigins: [] }],
      [requestObject(), { verifyClient: () => false }],
    ] as const) {
      const [client, socket] = duplexPair();
      const connected: WebSocket[] = [];
      const first = new OurWebSocketServer({ noServer: true });
      first.handleUpgrade(requestObject(), socket, NO_HEAD, (ws) => connected.push(ws));
      const second = new OurWebSocketServer({ noServer: true, ...options });
      second.on('wsClientError', () => expect.fail('emitted'));
      expect(thrown(() => second.handleUpgrade(request, socket, NO_HEAD, () => {}))).toMatch(
        /^Error: .*called more than once with the same socket/,
      );
      await expectText(client, connected, 'first');
    }
  });

  test('never receives an HTTP answer, even if it was passed to handleUpgrade() twice before it was open', async () => {
    const [client, socket] = duplexPair();
    const connected: WebSocket[] = [];
    const answers: ((ok: boolean) => void)[] = [];
    const wss = new OurWebSocketServer({
      noServer: true,
      verifyClient: (_info: unknown, callback: (ok: boolean) => void) => answers.push(callback),
    });
    for (let count = 0; count < 2; count++) {
      wss.handleUpgrade(requestObject(), socket, NO_HEAD, (ws) => connected.push(ws));
    }
    answers[0]?.(true);
    answers[1]?.(false);
    await expectText(client, connected, 'first');
  });

  /** Expects that the client has received the response that opens the connection, then its first message. */
  async function expectText(client: Duplex, [ws, ...more]: WebSocket[], text: string): Promise<void> {
    ws?.send(text);
    let wire = '';
    for await (const chunk of client) {
      wire += (chunk as Buffer).toString('latin1');
      if (wire.endsWith(text)) break;
    }
    expect(wire).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\n..first$/);
    expect(wire.match(/HTTP/g)).toHaveLength(1);
    expect(more).toEqual([]);
    ws?.terminate();
  }
});

describe('a plain request', () => {
  test("on the server's own port receives 426, as from ws", async () => {
    const request = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const [text] = await withBoth(async (Server) => {
      const wss = new Server({ port: 0, host: '127.0.0.1' });
      closing(() => wss.close());
      await once(wss, 'listening');
      const answer = await answerTo((wss.address() as net.AddressInfo).port, request);
      return [answer.replace(/^Date:.*$/m, 'Date')];
    });
    expect(text).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(text).toMatch(/\r\n\r\nUpgrade Required$/);
  });

  test('on an HTTP server is answered by that server', async () => {
    const { server, port } = await httpServer(
      http.createServer((_request, response) => response.end('page')),
    );
    new OurWebSocketServer({ server });
    const request = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    expect(await answerTo(port, request)).toMatch(/page$/);
  });
});

describe('a refused connection', () => {
  test('is ended, and later data of the client is never read as a request', async () => {
    const paths: unknown[] = [];
    const { port, server } = await serverOf(OurWebSocketServer, { verifyClient: () => false });
    server.on('request', (request: http.IncomingMessage) => paths.push(request.url));
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const text = await answerTo(port, upgradeRequest() + smuggled);
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(paths).toEqual([]);
  });

  test('is destroyed after the answer is written, although the client does not end its side', async () => {
    const [client, socket] = duplexPair();
    const wss = new OurWebSocketServer({ noServer: true, path: '/a' });
    const closed = once(socket, 'close');
    wss.handleUpgrade(requestObject(), socket, Buffer.alloc(0), () => expect.fail('accepted'));
    client.resume();
    await closed;
    expect(client.writable).toBe(true);
  });

  test('that fails before, during or after the refusal causes no uncaught exception', async () => {
    for (const when of ['before', 'after', 'later'] as const) {
      const [client, socket] = duplexPair();
      client.on('error', () => {});
      const wss = new OurWebSocketServer({ noServer: true, path: '/a' });
      if (when === 'before') socket.on('error', () => {}).destroy(new Error('before'));
      wss.handleUpgrade(requestObject(), socket, Buffer.alloc(0), () => expect.fail('accepted'));
      if (when === 'after') socket.destroy(new Error('after'));
      if (when === 'later') setImmediate(() => socket.destroy(new Error('later')));
      if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
      expect(socket.destroyed).toBe(true);
    }
  });

  test('whose client resets it causes no uncaught exception', async () => {
    const { port, server } = await serverOf(OurWebSocketServer, {
      verifyClient(_info, callback) {
        client.resetAndDestroy();
        setImmediate(() => setImmediate(callback, false));
      },
    });
    const closed = new Promise((resolve) => {
      server.on('connection', (socket: Duplex) => socket.once('close', resolve));
    });
    const client = net.connect(port, '127.0.0.1');
    client.write(upgradeRequest());
    expect(await closed).toBe(true);
  });

  test('is refused once, even if verifyClient calls back twice', async () => {
    const { port } = await serverOf(OurWebSocketServer, {
      verifyClient(_info, callback) {
        callback(false, 401);
        callback(false, 403);
      },
    });
    expect(await answerTo(port, upgradeRequest())).not.toMatch(/403/);
  });
});

describe('wsClientError', () => {
  test('is emitted instead of an answer, with the messages of ws, and its listener answers', async () => {
    const breaches = [
      upgradeRequest({}, 'POST / HTTP/1.1'),
      upgradeRequest({ Upgrade: 'h2c' }),
      upgradeRequest({ 'Sec-WebSocket-Key': 'x' }),
      upgradeRequest({ 'Sec-WebSocket-Version': '1' }),
      upgradeRequest({ 'Sec-WebSocket-Protocol': 'a,a' }),
    ];
    const log = await withBoth(async (Server) => {
      const { wss, port } = await serverOf(Server);
      const events: string[] = [];
      wss.on('wsClientError', (error, socket, request) => {
        events.push(`${error.name}: ${error.message} ${request.method}`);
        socket.end('HTTP/1.1 418 Teapot\r\n\r\n');
      });
      for (const request of breaches) events.push(await answerTo(port, request));
      return events;
    });
    expect(log[0]).toBe('Error: Invalid HTTP method POST');
    expect(log[1]).toBe('HTTP/1.1 418 Teapot\r\n\r\n');
    expect(log).toHaveLength(10);
  });

  test('has the code of the rule', async () => {
    const { wss, port } = await serverOf(OurWebSocketServer);
    wss.on('wsClientError', (error, socket) => {
      expect((error as Error & { code?: string }).code).toBe('WS_ERR_INVALID_KEY');
      socket.destroy();
    });
    await answerTo(port, upgradeRequest({ 'Sec-WebSocket-Key': 'x' }));
    expect.assertions(1);
  });

  test('is not emitted for another path, nor for a client that verifyClient refuses', async () => {
    await withBoth(async (Server) => {
      const log: string[] = [];
      for (const options of [{ path: '/a' }, { verifyClient: () => false }]) {
        const { wss, port } = await serverOf(Server, options);
        wss.on('wsClientError', () => log.push('emitted'));
        log.push(await answerTo(port, upgradeRequest()));
      }
      return log;
    });
  });
});

test('a client of ws reports the status of its refusal', async () => {
  const { url } = await serverOf(OurWebSocketServer, { path: '/a' });
  const ws = new WebSocket(`${url}/b`);
  const [error] = (await once(ws, 'error')) as [Error];
  expect(error.message).toBe('Unexpected server response: 400');
});

test('escapes the message of a refusal as HTML, unless the refusal sets a Content-Type', async () => {
  const page = '<p>nothing & nobody</p>';
  const bodies: string[] = [];
  for (const headers of [{}, { 'Content-Type': 'text/html' }]) {
    const { port } = await serverOf(OurWebSocketServer, {
      verifyClient: (_info, decide) => decide(false, 404, page, headers),
    });
    bodies.push((await answerTo(port, upgradeRequest())).split('\r\n\r\n')[1] ?? '');
  }
  expect(bodies).toEqual(['&lt;p&gt;nothing &amp; nobody&lt;/p&gt;', page]);
});
