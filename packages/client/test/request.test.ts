// The request of a client: the effect of options, and which options are rejected before anything is sent.
import { once } from 'node:events';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type tls from 'node:tls';
import { testCertificate } from '@framewire/testing';
import { describe, expect, test } from 'vitest';
import { OurWebSocket, record, thrown, withBoth, type ClientClass } from './support/recorder.ts';
import { headerOf, rawServer, switching, wsServer } from './support/servers.ts';

/** The raw head of the request that a client sends with these arguments. */
async function headOf(Client: ClientClass, protocols?: string[], options: object = {}): Promise<string> {
  let head = '';
  const { url } = await rawServer((request, socket) => {
    head = request;
    socket.destroy();
  });
  const ws = new Client(`${url}/room?x=1`, protocols, { perMessageDeflate: false, ...options });
  const { closed } = record(ws);
  await closed;
  return head;
}

/** Returns the lines of a head, without the parts that differ from request to request. */
function comparable(head: string): string[] {
  return head
    .replace(/127\.0\.0\.1:\d+/, 'HOST')
    .replace(/(Sec-WebSocket-Key): .{22}==/, '$1: KEY')
    .split('\r\n');
}

describe('the request', () => {
  test.each<{ title: string; protocols?: string[]; options: object }>([
    { title: 'without options', options: {} },
    { title: 'with a subprotocol', protocols: ['chat'], options: {} },
    { title: 'with several subprotocols', protocols: ['v2.chat', 'v1.chat'], options: {} },
    { title: 'with an origin', options: { origin: 'https://example.com' } },
    { title: 'of version 8 with an origin', options: { origin: 'https://example.com', protocolVersion: 8 } },
    { title: 'with headers', options: { headers: { Cookie: 'a=b', 'X-List': ['1', '2'], 'X-Number': 5 } } },
    { title: 'with its own Host', options: { headers: { host: 'elsewhere' } } },
    { title: 'with auth', options: { auth: 'user:password' } },
    { title: 'with auth and its header', options: { auth: 'a:b', headers: { Authorization: 'Bearer c' } } },
    {
      title: 'that follows redirects',
      options: { followRedirects: true, auth: 'a:b', headers: { 'X-A': '1' } },
    },
  ])('$title has the same lines as that of ws', async ({ protocols, options }) => {
    const lines = await withBoth(async (Client) =>
      comparable(await headOf(Client, protocols, options)).sort(),
    );
    expect(lines).toContain('GET /room?x=1 HTTP/1.1');
  });

  test('has a key of 16 random bytes, a new one each time', async () => {
    const heads = [await headOf(OurWebSocket), await headOf(OurWebSocket)];
    const keys = heads.map((head) => headerOf(head, 'Sec-WebSocket-Key') ?? '');
    expect(keys.map((key) => Buffer.from(key, 'base64').length)).toEqual([16, 16]);
    expect(keys[0]).not.toBe(keys[1]);
  });

  test('keeps the headers of the handshake if the application names them too', async () => {
    const headers = { upgrade: 'h2c', 'SEC-WEBSOCKET-KEY': 'mine', 'sec-websocket-version': '7' };
    const head = await headOf(OurWebSocket, undefined, { headers });
    expect(headerOf(head, 'Upgrade')).toBe('websocket');
    expect(headerOf(head, 'Sec-WebSocket-Version')).toBe('13');
    expect(head.match(/sec-websocket-key/gi)).toHaveLength(1);
    expect(head).not.toMatch(/mine|h2c/);
  });

  test('omits an undefined header and an empty origin', async () => {
    const head = await headOf(OurWebSocket, undefined, { headers: { 'X-A': undefined }, origin: '' });
    expect(head).not.toMatch(/x-a|origin/i);
  });

  test('does not change the options', async () => {
    const options = Object.freeze({ headers: Object.freeze({ 'X-A': '1' }), followRedirects: true });
    const head = await headOf(OurWebSocket, undefined, options);
    expect(headerOf(head, 'x-a')).toBe('1');
  });
});

describe('subprotocols', () => {
  test('may be a string, a list, or an option, and the second argument takes precedence', async () => {
    const requested = async (...rest: [unknown?, object?]): Promise<string | undefined> => {
      const { url, requests } = await wsServer({ handleProtocols: (offered) => [...offered].at(-1) ?? '' });
      const ws = new OurWebSocket(url, ...rest);
      await once(ws, 'open');
      const header = requests[0]?.headers['sec-websocket-protocol'];
      expect(ws.protocol).toBe(header?.split(',').at(-1) ?? '');
      ws.terminate();
      return header;
    };
    expect(await requested('a')).toBe('a');
    expect(await requested(['a', 'b'])).toBe('a,b');
    expect(await requested({ protocols: 'a' })).toBe('a');
    expect(await requested({ protocols: ['a', 'b'] })).toBe('a,b');
    expect(await requested(undefined, { protocols: 'a' })).toBe('a');
    expect(await requested('a', { protocols: 'b' })).toBe('a');
    expect(await requested([], { protocols: 'b' })).toBeUndefined();
    expect(await requested(undefined, undefined)).toBeUndefined();
  });

  test.each([
    [['a', 'a']],
    [['a b']],
    [['']],
    [['a\r\nX-Injected: 1']],
    [['a,b']],
    [['ä']],
    [[1]],
    [[null]],
    [[undefined]],
    [[{}]],
    [5],
    [null],
    [true],
    ['a b'],
    [''],
    ['a,a'],
  ])('%j is a SyntaxError with the message of ws', async (protocols) => {
    await withBoth((Client) => [
      thrown(() => new Client('ws://127.0.0.1:1', protocols)),
      thrown(() => new Client('ws://127.0.0.1:1', { protocols })),
    ]);
    expect(thrown(() => new OurWebSocket('ws://127.0.0.1:1', protocols))).toBe(
      'SyntaxError: An invalid or duplicated subprotocol was specified',
    );
  });
});

describe('options that are rejected', () => {
  test.each([0, 7, 12, 14, -1, NaN, '13', null, {}])(
    'protocolVersion %j is a RangeError with the message of ws',
    async (protocolVersion) => {
      const [text] = await withBoth((Client) => [
        thrown(() => new Client('ws://127.0.0.1:1', { protocolVersion })),
      ]);
      expect(text).toMatch(/^RangeError: Unsupported protocol version/);
    },
  );

  test.each<{ title: string; options: object }>([
    { title: 'CR LF in an origin', options: { origin: 'https://a\r\nX-Injected: 1' } },
    { title: 'CR LF in the value of a header', options: { headers: { 'X-A': 'a\r\nX-Injected: 1' } } },
    { title: 'LF in a list of values', options: { headers: { 'X-A': ['a', 'b\nX-Injected: 1'] } } },
    { title: 'CR LF in the name of a header', options: { headers: { 'X-A: 1\r\nX-Injected': 'a' } } },
    { title: 'NUL in a header', options: { headers: { 'X-A': 'a\0b' } } },
    { title: 'an empty name', options: { headers: { '': 'a' } } },
    { title: 'a character above U+00FF', options: { headers: { 'X-A': '€' } } },
  ])('$title is a TypeError', ({ options }) => {
    for (const followRedirects of [false, true]) {
      expect(thrown(() => new OurWebSocket('ws://127.0.0.1:1', { ...options, followRedirects }))).toMatch(
        /^TypeError: Illegal/,
      );
    }
  });

  test('no connection is made when an argument is rejected', async () => {
    const { server, url } = await wsServer();
    let connections = 0;
    server.on('connection', () => connections++);
    const created = { createConnection: () => expect.fail('a connection was made') };
    for (const args of [
      [`${url}#fragment`],
      [url, ['a', 'a']],
      [url, { protocolVersion: 9, ...created }],
      [url, { headers: { 'X-A': 'a\r\nb' }, ...created }],
      [url, { origin: '\n', ...created }],
    ]) {
      expect(() => new OurWebSocket(...(args as [string, unknown?]))).toThrow();
    }
    // A valid connection arrives after any earlier ones.
    const ws = new OurWebSocket(url);
    await once(ws, 'open');
    expect(connections).toBe(1);
    ws.terminate();
  });
});

test('a header value may be anything that converts to text, as with http.request()', async () => {
  const { url, requests } = await wsServer();
  const headers = {
    'X-Date': new Date(0),
    'X-URL': new URL('http://example.com/a'),
    'X-Buffer': Buffer.from('text'),
    'X-Null': null,
    'X-Boolean': false,
    'X-BigInt': 5n,
    'X-Object': {},
    'X-List': ['a', 5, null, new Date(0), ['b', 'c']],
    'X-Latin': 'é',
  };
  const sent = await withBoth(async (Client) => {
    const ws = new Client(url, { headers });
    await once(ws, 'open');
    ws.terminate();
    const { rawHeaders } = requests.at(-1) as http.IncomingMessage;
    return rawHeaders.flatMap((name, index) =>
      index % 2 === 0 && name.startsWith('X-') ? [`${name}: ${rawHeaders[index + 1] ?? ''}`] : [],
    );
  });
  expect(sent).toContain('X-Buffer: text');
  expect(sent).toHaveLength(13);
});

test.each([
  ['a symbol', Symbol('s')],
  ['an object that does not convert to text', Object.create(null)],
  ['a line break', 'a\nb'],
])('the error names a header with %s', (_, value) => {
  expect(thrown(() => new OurWebSocket('ws://127.0.0.1:0/', { headers: { 'X-A': value } }))).toBe(
    'TypeError: Illegal character in the value of header "X-A"',
  );
});

describe('options for the request', () => {
  test('an agent creates the connection', async () => {
    const { url } = await wsServer();
    const agent = new http.Agent();
    const created: unknown[] = [];
    const createConnection = agent.createConnection.bind(agent);
    agent.createConnection = (options, callback) => {
      created.push(options.port);
      return createConnection(options, callback);
    };
    const ws = new OurWebSocket(url, { agent });
    await once(ws, 'open');
    expect(created).toEqual([new URL(url).port]);
    ws.terminate();
  });

  test('without an agent, the client uses no pool, not even the global one', async () => {
    const { url } = await wsServer();
    const ws = new OurWebSocket(url);
    const log = record(ws);
    await once(ws, 'open');
    expect(Object.keys(http.globalAgent.sockets)).toEqual([]);
    ws.close();
    await log.closed;
  });

  test('createConnection creates the transport, and receives the host, the port and the other options', async () => {
    const { port } = await wsServer();
    const seen: unknown[] = [];
    const ws = new OurWebSocket('ws://example.com:81/', {
      localAddress: '127.0.0.1',
      createConnection: (options: net.TcpNetConnectOpts) => {
        seen.push(options.host, options.port, options.localAddress);
        return net.connect({ port, host: '127.0.0.1' });
      },
    });
    await once(ws, 'open');
    expect(seen).toEqual(['example.com', '81', '127.0.0.1']);
    ws.terminate();
  });

  test.each([Infinity, 104_857.6, NaN, null, 1e9])(
    'a highWaterMark of %s is not that of the socket',
    async (highWaterMark) => {
      const { url } = await wsServer();
      const sockets: net.Socket[] = [];
      const ws = new OurWebSocket(url, {
        highWaterMark: highWaterMark as number,
        createConnection: (options: net.TcpNetConnectOpts) => {
          const socket = net.connect(options);
          sockets.push(socket);
          return socket;
        },
      });
      await once(ws, 'open');
      expect(sockets[0]?.readableHighWaterMark).toBe(new net.Socket().readableHighWaterMark);
      ws.terminate();
    },
  );

  test('defaultPort is the port that the Host header omits', async () => {
    const { port, requests } = await wsServer();
    const hosts = await withBoth(async (Client) => {
      const ws = new Client('ws://example.com:81/', {
        defaultPort: 81,
        createConnection: () => net.connect({ port, host: '127.0.0.1' }),
      });
      await once(ws, 'open');
      ws.terminate();
      return [String(requests.at(-1)?.headers.host)];
    });
    expect(hosts).toEqual(['example.com']);
  });

  test('an exception in createConnection is an error and a close', async () => {
    await withBoth((Client) => {
      const createConnection = (): never => {
        throw new Error('no transport');
      };
      return record(new Client('ws://127.0.0.1/', { createConnection })).closed;
    });
  });

  test('an undefined option does not replace a default', async () => {
    const { url, requests } = await wsServer();
    const ws = new OurWebSocket(url, {
      createConnection: undefined,
      agent: undefined,
      headers: undefined,
      protocolVersion: undefined,
      handshakeTimeout: undefined,
      maxPayload: undefined,
    });
    await once(ws, 'open');
    expect(requests[0]?.headers['sec-websocket-version']).toBe('13');
    expect(Object.keys(http.globalAgent.sockets)).toEqual([]);
    ws.terminate();
  });

  // macOS has no other loopback address.
  test.skipIf(process.platform === 'darwin')('localAddress is the source of the connection', async () => {
    const { url, requests } = await wsServer();
    const ws = new OurWebSocket(url, { localAddress: '127.0.0.2' });
    await once(ws, 'open');
    expect(requests[0]?.socket.remoteAddress).toBe('127.0.0.2');
    ws.terminate();
  });

  test('host, port, path, method, protocol, timeout and socketPath have no effect', async () => {
    const { url, requests } = await wsServer();
    const options = { host: 'h', hostname: 'h', port: 1, path: '/no', method: 'POST', protocol: 'x:' };
    const ws = new OurWebSocket(`${url}/yes`, { ...options, socketPath: '/no', timeout: 1 });
    await once(ws, 'open');
    expect(requests[0]).toMatchObject({ method: 'GET', url: '/yes' });
    ws.terminate();
  });

  test('finishRequest may change the request, and must end it', async () => {
    const { url, requests } = await wsServer();
    await withBoth(async (Client) => {
      const args: unknown[] = [];
      const ws = new Client(url, {
        finishRequest(request: ClientRequest, socket: unknown) {
          args.push(request instanceof http.ClientRequest, socket instanceof Client);
          request.setHeader('X-Later', 'yes');
          setImmediate(() => request.end());
        },
      });
      const { closed } = record(ws);
      ws.on('open', () => ws.close());
      return [...(await closed), ...args.map(String), String(requests.at(-1)?.headers['x-later'])];
    });
  });

  test('a request that finishRequest does not end is not sent, and close() aborts it', async () => {
    const { url, requests } = await wsServer();
    await withBoth((Client) => {
      const ws = new Client(url, {
        finishRequest(request: ClientRequest) {
          request.on('socket', (socket) => socket.once('connect', () => ws.close()));
          request.flushHeaders = (): void => {};
        },
      });
      return record(ws).closed;
    });
    expect(requests).toHaveLength(0);
  });
});

describe('generateMask', () => {
  test('creates the masking key of each frame', async () => {
    const frames: Buffer[] = [];
    let received: Promise<unknown> | undefined;
    const { url } = await rawServer((head, socket) => {
      socket.write(switching(head));
      socket.on('data', (chunk: Buffer) => frames.push(chunk));
      received = once(socket, 'end');
    });
    let next = 1;
    const ws = new OurWebSocket(url, {
      generateMask: (mask: Buffer) => void mask.fill(next++),
    });
    await once(ws, 'open');
    ws.send('AB');
    await new Promise<void>((resolve) => {
      ws.ping('C', undefined, () => resolve());
    });
    ws.terminate();
    await received;
    expect(Buffer.concat(frames).toString('hex')).toBe('8182010101014043' + '898102020202' + '41');
  });
});

describe('over TLS', () => {
  async function secureServer(seen: { servername?: unknown } = {}): Promise<string> {
    const server = https.createServer(await testCertificate());
    server.on('secureConnection', (socket: tls.TLSSocket) => {
      seen.servername = (socket as unknown as { servername: unknown }).servername;
    });
    const { port } = await wsServer({}, server);
    return `wss://localhost:${port}`;
  }

  // The certificate is for `localhost`, which must resolve to 127.0.0.1.
  const LOCAL = { lookup: lookUpLocally };

  test('a server with an untrusted certificate is rejected, as in ws', async () => {
    const url = await secureServer();
    const log = await withBoth((Client) => record(new Client(url, LOCAL)).closed);
    expect(log[0]).toMatch(/self[- ]signed certificate/);
    expect(log[1]).toBe('close 1006  [CLOSED]');
  });

  test('a server is trusted with ca, or with rejectUnauthorized: false', async () => {
    const url = await secureServer();
    const { cert } = await testCertificate();
    for (const options of [{ ca: cert }, { rejectUnauthorized: false }]) {
      const log = await withBoth(async (Client) => {
        const ws = new Client(url, { ...LOCAL, ...options });
        const { closed } = record(ws);
        ws.on('open', () => ws.close());
        return await closed;
      });
      expect(log[1]).toMatch(/^open/);
    }
  });

  test('the host name is sent to the server, unless servername is set', async () => {
    const seen: { servername?: unknown } = {};
    const url = await secureServer(seen);
    const names = await withBoth(async (Client) => {
      const log: string[] = [];
      for (const [address, servername] of [
        [url, undefined],
        [url, 'another.example'],
        [url, ''],
        [url.replace('localhost', '127.0.0.1'), undefined],
      ] as const) {
        const options = servername === undefined ? {} : { servername };
        const ws = new Client(address, { ...LOCAL, rejectUnauthorized: false, ...options });
        await once(ws, 'open');
        ws.terminate();
        log.push(String(seen.servername));
      }
      return log;
    });
    expect(names).toEqual(['localhost', 'another.example', 'false', 'false']);
  });

  test('a certificate for another name is rejected, unless checkServerIdentity accepts it', async () => {
    const url = await secureServer();
    const { cert } = await testCertificate();
    const other = { ...LOCAL, ca: cert, servername: 'another.example' };
    const log = await withBoth((Client) => record(new Client(url, other)).closed);
    expect(log[0]).toMatch(/Hostname\/IP does not match/);
    const ws = new OurWebSocket(url, { ...other, checkServerIdentity: (): undefined => undefined });
    await once(ws, 'open');
    ws.terminate();
  });

  test('https: is wss:', async () => {
    const url = await secureServer();
    const ws = new OurWebSocket(url.replace('wss:', 'https:'), { ...LOCAL, rejectUnauthorized: false });
    await once(ws, 'open');
    expect(ws.url).toBe(`${url}/`);
    ws.terminate();
  });

  test('an https.Agent creates the connection', async () => {
    const url = await secureServer();
    const agent = new https.Agent({ ca: (await testCertificate()).cert });
    const ws = new OurWebSocket(url, { ...LOCAL, agent });
    await once(ws, 'open');
    ws.terminate();
    agent.destroy();
  });

  test('ws: to a TLS server is an error and a close', async () => {
    const url = (await secureServer()).replace('wss://localhost', 'ws://127.0.0.1');
    const log = await withBoth((Client) => record(new Client(url)).closed);
    expect(log).toHaveLength(2);
  });
});

function lookUpLocally(
  _host: string,
  options: { all?: boolean },
  callback: (error: null, address: unknown, family?: number) => void,
): void {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
}

test('an upgraded connection does not return to the pool of an agent', async () => {
  const { url } = await wsServer();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const first = new OurWebSocket(url, { agent });
  const [response] = (await once(first, 'upgrade')) as [IncomingMessage];
  const second = new OurWebSocket(url, { agent });
  const [other] = (await once(second, 'upgrade')) as [IncomingMessage];
  expect(other.socket).not.toBe(response.socket);
  first.terminate();
  second.terminate();
  agent.destroy();
});
