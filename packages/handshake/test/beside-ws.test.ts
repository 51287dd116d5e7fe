// Sends the same requests to ws and to us, and the same responses to its client and to ours. Bytes and messages must be equal.
import { once } from 'node:events';
import { createServer as createHttpServer, get, type IncomingMessage } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import {
  acceptUpgrade,
  acceptValue,
  checkUpgradeRequest,
  checkUpgradeResponse,
  chooseSubprotocol,
  createRefusal,
  formatHead,
  formatRefusal,
  headerRecord,
  requestHeadParser,
  responseHeadParser,
  upgradeRequestHeaders,
} from '@framewire/handshake';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** A transport that records what is written to it, and is never read. */
class Transcript extends Duplex {
  #written = '';

  get written(): string {
    return this.#written;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#written += chunk.toString('latin1');
    done();
  }
}

type Request = Pick<IncomingMessage, 'method' | 'headers'>;

/** What ws writes in response to a request. */
function answerOfWs(request: Request): string {
  const server = new WebSocketServer({ noServer: true });
  const socket = new Transcript();
  const incoming = { ...request, url: '/', socket: {} } as unknown as IncomingMessage;
  server.handleUpgrade(incoming, socket, Buffer.alloc(0), (ws) => ws.terminate());
  socket.destroy();
  return socket.written;
}

/** What a server on this package writes in response to a request, if it has the defaults of ws. */
function ourAnswer(request: Request): string {
  const check = checkUpgradeRequest(request, { strict: false });
  if (!check.ok) return Buffer.from(formatRefusal(check.refusal)).toString('latin1');
  const protocol = chooseSubprotocol(check.subprotocols, check.subprotocols);
  return Buffer.from(formatHead(acceptUpgrade({ key: check.key, protocol }))).toString('latin1');
}

const headerValues: Record<string, fc.Arbitrary<string | undefined>> = {
  upgrade: fc.constantFrom('websocket', 'WebSocket', 'WEBSOCKET', 'websocket, x', 'h2c', '', undefined),
  'sec-websocket-key': fc.oneof(
    { weight: 4, arbitrary: fc.constant(KEY) },
    fc.constantFrom(undefined, '', 'x', KEY.slice(1), `${KEY}=`, `${KEY}, ${KEY}`),
  ),
  'sec-websocket-version': fc.constantFrom('13', '8', '13', '8', '7', '', '13, 8', 'x', undefined),
  'sec-websocket-protocol': fc.constantFrom(
    undefined,
    'a',
    'b, a',
    'a,a',
    '',
    'a b',
    'constructor, __proto__',
  ),
  'sec-websocket-extensions': fc.constantFrom(undefined, 'permessage-deflate', ';;', 'constructor'),
};

describe('we answer a request with exactly the bytes of ws', () => {
  test('for any method and headers', () => {
    const requests = fc.record({
      method: fc.constantFrom('GET', 'GET', 'GET', 'GET', 'POST', 'get'),
      headers: fc.record(headerValues),
    }) as fc.Arbitrary<Request>;
    fc.assert(
      fc.property(requests, (request) => {
        expect(ourAnswer(request)).toBe(answerOfWs(request));
      }),
      { numRuns: 1000 },
    );
  });

  test('if the application rejects it', () => {
    const server = new WebSocketServer({
      noServer: true,
      verifyClient: (_info, answer) => answer(false, 418, 'né', { 'X-A': 'b' }),
    });
    const socket = new Transcript();
    const headers = { upgrade: 'websocket', 'sec-websocket-key': KEY, 'sec-websocket-version': '13' };
    const incoming = { method: 'GET', headers, url: '/', socket: {} } as unknown as IncomingMessage;
    server.handleUpgrade(incoming, socket, Buffer.alloc(0), () => {});
    const ours = formatRefusal(createRefusal(418, 'né', { 'X-A': 'b' }));
    expect(Buffer.from(ours).toString('latin1')).toBe(socket.written);
    socket.destroy();
  });
});

describe('our client reports the same error for a response as that of ws', () => {
  /** Each test sets what the server writes, given the accept value. */
  let respond: (accept: string) => string;
  let key = '';
  const server = createServer((socket) => {
    const parser = requestHeadParser();
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      const result = parser.push(chunk);
      if (!result?.ok) return;
      key = String(headerRecord(result.head.headers)['sec-websocket-key']);
      socket.end(respond(acceptValue(key)));
    });
  });
  let url: string;

  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });

  afterAll(async () => {
    await once(server.close(), 'close');
  });

  const start = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n';
  const good = (accept: string): string =>
    `${start}Upgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n`;

  test.each<[string, string[], boolean, (accept: string) => string]>([
    ['ok', [], true, (accept) => good(accept)],
    // Without Upgrade, Node does not treat a 101 as an upgrade, so `ws` sees an ordinary response.
    ['another upgrade', [], true, (accept) => good(accept).replace('websocket', 'h2c')],
    ['two upgrades', [], true, (accept) => `${good(accept)}Upgrade: websocket\r\n`],
    ['no accept', [], true, () => `${start}Upgrade: websocket\r\n`],
    ['another accept', [], true, (accept) => good(accept.toLowerCase())],
    ['two accepts', [], true, (accept) => `${good(accept)}Sec-WebSocket-Accept: ${accept}\r\n`],
    ['no subprotocol', ['a'], true, (accept) => good(accept)],
    ['unrequested subprotocol', [], true, (accept) => `${good(accept)}Sec-WebSocket-Protocol: a\r\n`],
    ['another subprotocol', ['a'], true, (accept) => `${good(accept)}Sec-WebSocket-Protocol: b\r\n`],
    ['two subprotocols', ['a', 'b'], true, (accept) => `${good(accept)}Sec-WebSocket-Protocol: a, b\r\n`],
    ['a subprotocol', ['a', 'b'], true, (accept) => `${good(accept)}Sec-WebSocket-Protocol: b\r\n`],
    ['extension not offered', [], false, (accept) => `${good(accept)}Sec-WebSocket-Extensions: x\r\n`],
    ['another extension', [], true, (accept) => `${good(accept)}Sec-WebSocket-Extensions: x\r\n`],
    ['constructor', [], true, (accept) => `${good(accept)}Sec-WebSocket-Extensions: constructor\r\n`],
    ['malformed extensions', [], true, (accept) => `${good(accept)}Sec-WebSocket-Extensions: ;;\r\n`],
    ['empty extensions', [], true, (accept) => `${good(accept)}Sec-WebSocket-Extensions:\r\n`],
    ['an extension', [], true, (accept) => `${good(accept)}Sec-WebSocket-Extensions: permessage-deflate\r\n`],
    ['200', [], true, () => 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n'],
    ['401', [], true, () => 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n'],
  ])('%s', async (_, subprotocols, perMessageDeflate, response) => {
    respond = (accept) => `${response(accept)}\r\n`;
    const ws = new WebSocket(url, subprotocols, { perMessageDeflate });
    const said = await new Promise<string>((resolve) => {
      ws.on('open', () => resolve(`open ${ws.protocol}`));
      ws.on('error', (error) => resolve(error.message));
    });
    ws.terminate();
    const result = responseHeadParser().push(Buffer.from(respond(acceptValue(key)), 'latin1'));
    if (!result?.ok) throw new Error('the head was not read');
    const check = checkUpgradeResponse(
      { statusCode: result.head.statusCode, headers: headerRecord(result.head.headers) },
      { key, subprotocols, extensions: perMessageDeflate ? ['permessage-deflate'] : [], strict: false },
    );
    expect(check.ok ? `open ${check.protocol}` : check.error.message).toBe(said);
  });
});

test('the request of our client has the same headers as that of ws', async () => {
  const requests: [string, string | undefined][][] = [];
  const server = createHttpServer();
  server.on('upgrade', (request, socket) => {
    const pairs = request.rawHeaders.flatMap((name, i): [string, string | undefined][] =>
      i % 2 === 0 ? [[name, name === 'Sec-WebSocket-Key' ? 'key' : request.rawHeaders[i + 1]]] : [],
    );
    requests.push(pairs.filter(([name]) => name !== 'Host'));
    socket.destroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  for (const version of [8, 13] as const) {
    const origin = 'https://example.com';
    const headers = { 'x-a': 'b', 'sec-websocket-key': 'mine', 'X-List': ['1', '2'] };
    const options = {
      protocolVersion: version,
      origin,
      headers: headers as unknown as Record<string, string>,
    };
    const ws = new WebSocket(`ws://127.0.0.1:${String(port)}`, ['a', 'b'], options);
    ws.on('error', () => {});
    await new Promise((resolve) => ws.on('close', resolve));

    const extensions = 'permessage-deflate; client_max_window_bits';
    const ours = upgradeRequestHeaders({ version, origin, headers, subprotocols: ['a', 'b'], extensions });
    const request = get({ host: '127.0.0.1', port, headers: ours.headers });
    await once(request, 'error');
  }
  await once(server.close(), 'close');
  expect(requests).toHaveLength(4);
  expect(new Map(requests[1])).toEqual(new Map(requests[0]));
  expect(new Map(requests[3])).toEqual(new Map(requests[2]));
});

test('a head is parsed as in Node', async () => {
  const text = [
    'GET /a HTTP/1.1',
    'Host: x',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'X-A: 1',
    'x-a:  2 ',
    'Cookie: a=1',
    'Cookie: b=2',
    'Sec-WebSocket-Protocol: a',
    'Sec-WebSocket-Protocol: b',
    'X-Latin: \xe9\r\n\r\n',
  ].join('\r\n');
  const server = createHttpServer();
  const upgraded = once(server, 'upgrade');
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(text, 'latin1');
  const [request, serverSocket] = (await upgraded) as [IncomingMessage, Duplex];
  const result = requestHeadParser().push(Buffer.from(text, 'latin1'));
  expect(result?.ok && { ...headerRecord(result.head.headers) }).toEqual({ ...request.headers });
  serverSocket.destroy();
  socket.destroy();
  await once(server.close(), 'close');
});
