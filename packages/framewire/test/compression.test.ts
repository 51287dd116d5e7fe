// Compression between our endpoints and those of `ws`, in both roles and with every kind of agreement.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { deflateRawSync } from 'node:zlib';
import { encodeFrame, Opcode } from '@framewire/codec';
import { compressionStatistics, WebSocket, WebSocketServer } from 'framewire';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import * as ws from 'ws';

type Options = ws.PerMessageDeflateOptions | boolean;

// Has the type of the module `ws`, whose interface it implements.
const ours = { WebSocket, WebSocketServer } as unknown as typeof ws;

const pairings = [
  ['our server, our client', ours, ours],
  ['our server, a client of ws', ours, ws],
  ['a server of ws, our client', ws, ours],
] as const;

const agreements: [string, Options, Options][] = [
  ['context takeover on both sides', true, true],
  ['no context takeover', { serverNoContextTakeover: true, clientNoContextTakeover: true }, true],
  ['context takeover of the server only', { clientNoContextTakeover: true }, true],
  ['context takeover of the client only', true, { serverNoContextTakeover: true }],
  ['windows of 512 bytes', { serverMaxWindowBits: 9, clientMaxWindowBits: 9 }, true],
  ['a window of 256 bytes for the client', { clientMaxWindowBits: 8 }, true],
  ['smaller windows that the client requests', true, { serverMaxWindowBits: 10, clientMaxWindowBits: 11 }],
];

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(
  { WebSocketServer: Server }: typeof ws,
  options: ws.ServerOptions,
): Promise<[ws.WebSocketServer, number]> {
  const server = new Server({ port: 0, host: '127.0.0.1', ...options });
  await once(server, 'listening');
  closers.push(async () => {
    for (const client of server.clients) client.terminate();
    const closed = once(server, 'close');
    server.close();
    await closed;
  });
  return [server, (server.address() as AddressInfo).port];
}

/** Messages of all kinds and lengths. Some repeat others, so that context takeover matters. */
function messages(): (string | Buffer)[] {
  const json = (count: number): string =>
    JSON.stringify(
      Array.from({ length: count }, (_, id) => ({ id, name: `name ${id % 17}`, tags: ['a', 'b'] })),
    );
  const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 2654435761) >>> 13));
  return [
    '',
    'a',
    json(3),
    json(3),
    json(1000),
    noise,
    json(20),
    Buffer.from(json(5000)),
    json(3),
    'é'.repeat(9000),
  ];
}

describe.each(pairings)('%s', (_pairing, serverSide, clientSide) => {
  test.each(agreements)('exchange messages with %s', async (_agreement, serverOptions, clientOptions) => {
    const [server, port] = await serve(serverSide, { perMessageDeflate: serverOptions });
    server.on('connection', (connection) => {
      connection.on('message', (data, isBinary) => {
        connection.send(data as Buffer, { binary: isBinary });
      });
    });
    const client = new clientSide.WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: clientOptions });
    const received: (string | Buffer)[] = [];
    client.on('message', (data: Buffer, isBinary) => received.push(isBinary ? data : data.toString()));
    await once(client, 'open');
    expect(client.extensions).toBe('permessage-deflate');
    const sent = messages();
    for (const message of sent) client.send(message);
    client.send('in ', { fin: false });
    client.send('', { fin: false });
    client.send('fragments');
    while (received.length < sent.length + 1) await once(client, 'message');
    expect(received.map(String)).toEqual([...sent.map(String), 'in fragments']);
    client.terminate();
    await once(client, 'close');
  });

  test('exchange messages without compression if one side does not want it', async () => {
    for (const [serverOptions, clientOptions] of [
      [false, true],
      [true, false],
    ]) {
      const [server, port] = await serve(serverSide, { perMessageDeflate: serverOptions! });
      server.on('connection', (connection) => {
        connection.send('x'.repeat(5000));
      });
      const client = new clientSide.WebSocket(`ws://127.0.0.1:${port}`, {
        perMessageDeflate: clientOptions!,
      });
      const [data] = (await once(client, 'message')) as [Buffer];
      expect([client.extensions, data.length]).toEqual(['', 5000]);
      client.terminate();
      await once(client, 'close');
    }
  });
});

/** A raw TCP client that has negotiated compression. */
async function rawClient(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.write(
    [
      'GET / HTTP/1.1',
      'Host: localhost',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Extensions: permessage-deflate',
      '\r\n',
    ].join('\r\n'),
  );
  await once(socket, 'data');
  return socket;
}

describe('the statistics of compression', () => {
  test('are available on both sides of each connection, and undefined without compression', async () => {
    const [server, port] = await serve(ours, { perMessageDeflate: 'shared' as unknown as boolean });
    const first = new WebSocket(`ws://127.0.0.1:${port}`);
    const connected = once(server, 'connection') as Promise<unknown[]> as Promise<[WebSocket]>;
    const heard = once(first, 'message');
    const [ended] = await connected;
    ended.send('short');
    expect(ended.compression?.sent).toMatchObject({ messages: 0, sentUncompressed: 1 });
    ended.send('x'.repeat(5000));
    expect(ended.compression?.sent).toMatchObject({ messages: 1, bytes: 5000, sentUncompressed: 1 });
    await heard;
    if (first.compression?.received.messages === 0) await once(first, 'message');
    const before = compressionStatistics();
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    expect(client.compression).toBeUndefined();
    await once(client, 'open');
    client.send('x'.repeat(3000));
    const [connection] = [...(server.clients as unknown as Set<WebSocket>)].slice(-1);
    await once(connection!, 'message');
    expect(client.compression?.sent.bytes).toBe(3000);
    expect(connection!.compression?.received).toMatchObject({ messages: 1, bytes: 3000 });
    expect(compressionStatistics().received.bytes - before.received.bytes).toBe(3000);
    const plain = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    await once(plain, 'open');
    expect(plain.compression).toBeUndefined();
    plain.terminate();
    await once(plain, 'close');
  });

  test('show that a text for many clients is compressed once, and all receive it', async () => {
    const [server, port] = await serve(ours, { perMessageDeflate: 'shared' as unknown as boolean });
    const clients = Array.from({ length: 20 }, () => new WebSocket(`ws://127.0.0.1:${port}`));
    await Promise.all(clients.map((client) => once(client, 'open')));
    while (server.clients.size < clients.length) await once(server, 'connection');
    const texts = ['first '.repeat(200), 'second '.repeat(200), 'x', 'é'.repeat(70_000)];
    const heard = clients.map((client) => {
      const received: string[] = [];
      return new Promise<string[]>((resolve) => {
        client.on('message', (data: Buffer) => {
          received.push(data.toString());
          if (received.length === texts.length) resolve(received);
        });
      });
    });
    for (const text of texts) for (const connection of server.clients) connection.send(text);
    for (const received of await Promise.all(heard)) expect(received).toEqual(texts);
    for (const client of clients) client.terminate();
  });
});

test('a text that is compressed on the thread pool for many clients reaches the others when one is terminated, and precedes the close frame', async () => {
  const [server, port] = await serve(ours, {
    perMessageDeflate: { profile: 'shared', deflateOffThreadFrom: 1000 } as ws.PerMessageDeflateOptions,
  });
  const clients = Array.from({ length: 6 }, () => new WebSocket(`ws://127.0.0.1:${port}`));
  const stories = clients.map(
    (client) =>
      new Promise<string[]>((resolve) => {
        const story: string[] = [];
        client.on('message', (data: Buffer) => story.push(`${data.length}`));
        client.on('close', (code) => {
          story.push(`close ${code}`);
          resolve(story);
        });
      }),
  );
  for (const client of clients) await once(client, 'open');
  while (server.clients.size < clients.length) await once(server, 'connection');
  const connections = [...server.clients];
  for (const connection of connections) connection.send('to all of you '.repeat(20_000));
  connections.shift()!.terminate();
  for (const connection of connections) connection.close(1000);
  const told = await Promise.all(stories);
  expect(told.map(String).sort()).toEqual([...Array<string>(5).fill('280000,close 1000'), 'close 1006']);
});

describe('a server', () => {
  test.each([
    ['synchronously', 1 << 20],
    ['in turns with other messages', 64 << 20],
  ])('stops inflating a bomb at maxPayload, %s, and serves the next connection', async (_where, size) => {
    const [server, port] = await serve(ours, {
      perMessageDeflate: { clientNoContextTakeover: true },
      maxPayload: 100_000,
    });
    const socket = await rawClient(port);
    const connected = [...server.clients][0]!;
    const failed = once(connected, 'error') as Promise<[Error & { code: string }]>;
    const bomb = deflateRawSync(Buffer.alloc(size));
    socket.write(encodeFrame({ opcode: Opcode.BINARY, rsv1: true, payload: bomb, maskingKey: 1 }));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString('hex')).toBe('880203f1');
    expect((await failed)[0].code).toBe('WS_ERR_UNSUPPORTED_MESSAGE_LENGTH');
    socket.destroy();
    server.on('connection', (connection) => {
      connection.on('message', (data) => {
        connection.send(data as Buffer);
      });
    });
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(client, 'open');
    client.send('a'.repeat(5000));
    expect(String((await once(client, 'message'))[0])).toBe('a'.repeat(5000));
    client.terminate();
    await once(client, 'close');
  });

  test('fails a connection with 1007 for data that is not a DEFLATE stream', async () => {
    const [server, port] = await serve(ours, { perMessageDeflate: true });
    const socket = await rawClient(port);
    const failed = once([...server.clients][0]!, 'error') as Promise<[Error & { code: string }]>;
    socket.write(
      encodeFrame({ opcode: Opcode.TEXT, rsv1: true, payload: Buffer.of(255, 255), maskingKey: 1 }),
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString('hex')).toBe('880203ef');
    expect((await failed)[0].code).toBe('Z_DATA_ERROR');
    socket.destroy();
  });

  test('refuses a malformed offer with 400', async () => {
    const [, port] = await serve(ours, { perMessageDeflate: true });
    for (const offer of ['permessage-deflate; foo', 'permessage-deflate;;']) {
      const client = new ws.WebSocket(`ws://127.0.0.1:${port}`, {
        perMessageDeflate: false,
        headers: { 'Sec-WebSocket-Extensions': offer },
      });
      const [error] = (await once(client, 'error')) as [Error];
      expect(error.message).toBe('Unexpected server response: 400');
    }
  });

  test('opens without compression if it cannot accept an offer (RFC 7692 §5)', async () => {
    const [, port] = await serve(ours, { perMessageDeflate: { serverMaxWindowBits: 12 } });
    const client = new ws.WebSocket(`ws://127.0.0.1:${port}`, {
      perMessageDeflate: false,
      headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=9' },
    });
    await once(client, 'open');
    expect(client.extensions).toBe('');
    client.terminate();
    await once(client, 'close');
  });

  test('ignores unknown extensions', async () => {
    const [, port] = await serve(ours, { perMessageDeflate: true });
    const client = new ws.WebSocket(`ws://127.0.0.1:${port}`, {
      perMessageDeflate: false,
      headers: { 'Sec-WebSocket-Extensions': 'x-webkit-deflate-frame, constructor' },
    });
    await once(client, 'open');
    expect(client.extensions).toBe('');
    client.terminate();
    await once(client, 'close');
  });
});

describe('where WebAssembly is missing', () => {
  const explicit = [true, 'shared', { serverMaxWindowBits: 12 }] as readonly Options[];

  function removeWebAssembly(): void {
    vi.stubGlobal('WebAssembly', undefined);
    onTestFinished(() => {
      vi.unstubAllGlobals();
    });
  }

  test.each([undefined, ...explicit])('a client offers no compression: %j', async (option) => {
    const [server, port] = await serve(ws, { perMessageDeflate: true });
    removeWebAssembly();
    const client = new ours.WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: option });
    const [, request] = (await once(server, 'connection')) as [unknown, IncomingMessage];
    expect(request.headers['sec-websocket-extensions']).toBeUndefined();
    await once(client, 'open');
    expect(client.extensions).toBe('');
    client.terminate();
    await once(client, 'close');
  });

  test.each(explicit)('a server declines compression: %j', async (option) => {
    removeWebAssembly();
    const [server, port] = await serve(ours, { perMessageDeflate: option });
    server.on('connection', (socket) => {
      socket.on('message', (data) => socket.send(data));
    });
    const client = new ws.WebSocket(`ws://127.0.0.1:${port}`);
    await once(client, 'open');
    expect(client.extensions).toBe('');
    client.send('a text '.repeat(1000));
    expect(String((await once(client, 'message'))[0])).toBe('a text '.repeat(1000));
    client.terminate();
    await once(client, 'close');
  });
});
