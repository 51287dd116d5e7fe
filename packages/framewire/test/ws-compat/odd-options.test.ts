// Values that a JavaScript program may pass for any option: null, false, 0 and an empty string, to framewire and `ws`.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { WebSocket, WebSocketServer } from 'framewire';
import { modules, type WsModule } from './beside-ws.ts';

const VALUES = [null, false, 0, ''];

const OF_CONNECTIONS = [
  'allowSynchronousEvents',
  'autoPong',
  'closeTimeout',
  'maxBufferedChunks',
  'maxFragments',
  'maxPayload',
  'maxPendingAutoPongs',
  'perMessageDeflate',
  'skipUTF8Validation',
];
const OF_CLIENTS = [
  ...OF_CONNECTIONS,
  'agent',
  'auth',
  'createConnection',
  'defaultPort',
  'family',
  'finishRequest',
  'followRedirects',
  'generateMask',
  'headers',
  'host',
  'localAddress',
  'maxRedirects',
  'method',
  'origin',
  'path',
  'port',
  'protocol',
  'protocols',
  'protocolVersion',
  'socketPath',
  'timeout',
];
const OF_SERVERS = [
  ...OF_CONNECTIONS,
  'backlog',
  'clientTracking',
  'handleProtocols',
  'host',
  'noServer',
  'path',
  'server',
  'verifyClient',
];

const all = (names: readonly string[]): [name: string, value: unknown][] =>
  names.flatMap((name) => VALUES.map((value): [string, unknown] => [name, value]));

/** Runs a server and a client with these options. Returns the exception or error, or a description of the connection. */
async function outcomeOf(
  { WebSocket, WebSocketServer }: WsModule,
  ofServer: object,
  ofClient: object,
): Promise<unknown> {
  let server: WebSocketServer;
  try {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...ofServer });
  } catch (error) {
    return `the server throws ${String(error)}`;
  }
  let client: WebSocket | undefined;
  try {
    const told = await Promise.race([
      once(server, 'listening').then(() => undefined),
      once(server, 'error').then(([error]) => String(error)),
    ]).catch(String);
    if (told !== undefined) return `the server reports ${told}`;
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    try {
      client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/a`, ofClient);
    } catch (error) {
      return `the client throws ${String(error)}`;
    }
    const failure = await Promise.race([
      once(client, 'open').then(() => undefined, String),
      once(client, 'error').then(([error]) => String(error)),
    ]);
    if (failure !== undefined) return `the client reports ${failure}`;
    const [connection] = await connected;
    connection.on('message', (data, isBinary) => connection.send(data, { binary: isBinary }));
    const pongs: string[] = [];
    for (const [name, end] of [
      ['client', client],
      ['server', connection],
    ] as const) {
      end.on('pong', () => pongs.push(name));
      end.ping();
    }
    client.send('hello');
    const [echo] = (await once(client, 'message')) as [Buffer];
    const closed = once(client, 'close');
    client.close(1000, 'done');
    await closed;
    return {
      echo: echo.toString(),
      pongs: pongs.sort(),
      extensions: client.extensions,
      protocol: client.protocol,
      limits: [client, connection].map((end) => end._receiver._maxPayload as number),
      clients: 'clients' in server,
    };
  } finally {
    client?.terminate();
    if (server.clients !== undefined) for (const ws of server.clients) ws.terminate();
    server.close();
  }
}

const [[, ours], [, theirs]] = modules as [(typeof modules)[0], (typeof modules)[0]];

describe('an option of a client', () => {
  test.each(all(OF_CLIENTS))('%s: %j', async (name, value) => {
    const options = { perMessageDeflate: true };
    const outcome = await outcomeOf(ours, options, { [name]: value });
    expect(outcome).toEqual(await outcomeOf(theirs, options, { [name]: value }));
  });
});

describe('an option of a server', () => {
  test.each(all(OF_SERVERS))('%s: %j', async (name, value) => {
    const outcome = await outcomeOf(ours, { [name]: value }, {});
    expect(outcome).toEqual(await outcomeOf(theirs, { [name]: value }, {}));
  });
});

test.each(all(['handshakeTimeout']))(
  'a client with %s: %j has no limit, where that of ws may throw',
  async (name, value) => {
    const outcome = await outcomeOf(ours, {}, { [name]: value });
    expect(outcome).toEqual(await outcomeOf(theirs, {}, {}));
    expect(await outcomeOf(theirs, {}, { [name]: value })).toEqual(
      value === 0 ? outcome : expect.stringContaining('ERR_INVALID_ARG_TYPE'),
    );
  },
);

test.each(VALUES)('a server with a port of %j', async (port) => {
  const outcome = await outcomeOf(ours, { port }, {});
  expect(outcome).toEqual(await outcomeOf(theirs, { port }, {}));
});
