// `authenticate`: the application answers synchronously, later, or never.
import '@framewire/testing/fake-timers';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  AcceptedWebSocket,
  WebSocketServer,
  type Authenticate as AuthenticateOf,
  type ServerOptions,
} from '@framewire/server';
import { createRefusal, UpgradeRefusal } from '@framewire/handshake';
import { requestObject } from './support/peers.ts';

type Authenticate = AuthenticateOf;

afterEach(() => {
  vi.clearAllTimers();
});

/** The servers that `ask()` has created. */
const servers: Pick<WebSocketServer, 'shutdown'>[] = [];

/** Sends one request to a server, and returns what happens. */
function ask(authenticate: Authenticate, options: Omit<ServerOptions, 'authenticate'> = {}, head = '') {
  const wss = new WebSocketServer({ noServer: true, authenticate, ...options });
  servers.push(wss);
  const [client, socket] = duplexPair();
  let answer = '';
  client.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  const connected = vi.fn<(ws: AcceptedWebSocket, request: IncomingMessage, identity: unknown) => void>();
  const request = requestObject();
  wss.handleUpgrade(request, socket, Buffer.from(head, 'latin1'), connected);
  return { wss, client, socket, request, connected, answer: () => answer };
}

/** An `authenticate` whose promise the test settles. */
function later() {
  const asked = vi.fn<Authenticate>();
  let resolve!: (identity: unknown) => void;
  let reject!: (error: unknown) => void;
  const answer = new Promise<unknown>((...settle) => ([resolve, reject] = settle));
  asked.mockReturnValue(answer);
  return { asked, resolve, reject, signal: () => asked.mock.calls[0]![1].signal };
}

/** Waits until the in-memory streams and the promises have settled. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((done) => setImmediate(done));
}

/** A masked text frame with the letter `a`. */
const FRAME = '\x81\x81\0\0\0\0a';

describe('authenticate', () => {
  test.each([{ name: 'ada' }, undefined, null, 0, ''])(
    'returning %j passes it as the third argument',
    (identity) => {
      const { connected, request } = ask(() => identity);
      expect(connected).toHaveBeenCalledExactlyOnceWith(expect.anything(), request, identity);
    },
  );

  test.each([{ name: 'ada' }, undefined])(
    'resolving to %j passes it as the third argument',
    async (identity) => {
      const { asked, resolve } = later();
      const { connected, request } = ask(asked);
      await settled();
      expect(connected).not.toHaveBeenCalled();
      resolve(identity);
      await settled();
      expect(connected).toHaveBeenCalledExactlyOnceWith(expect.anything(), request, identity);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test('passes the identity to connection too, which has two arguments without authenticate', () => {
    const connected = vi.fn<(...args: unknown[]) => void>();
    const unasked = new WebSocketServer({ noServer: true });
    const asked = new WebSocketServer({ noServer: true, authenticate: () => 'ada' });
    asked.on('connection', connected);
    unasked.on('connection', connected);
    const [first, second] = [duplexPair()[1], duplexPair()[1]];
    asked.handleUpgrade(requestObject(), first, Buffer.alloc(0), (...all) =>
      asked.emit('connection', ...all),
    );
    unasked.handleUpgrade(requestObject(), second, Buffer.alloc(0), (...all) =>
      unasked.emit('connection', ...all),
    );
    expect(connected.mock.calls.map(({ length }) => length)).toEqual([3, 2]);
    expect(connected.mock.calls[0]![2]).toBe('ada');
  });

  const refusals: [string, unknown][] = [
    ['an UpgradeRefusal', new UpgradeRefusal(403, { body: 'Not you', headers: { 'X-Why': 'banned' } })],
    ['the object of createRefusal()', createRefusal(403, 'Not you', { 'X-Why': 'banned' })],
  ];
  describe.each(refusals)('with %s', (_, refusal) => {
    test.each<[string, Authenticate]>([
      ['returned', () => refusal],

      [
        'thrown',
        () => {
          throw refusal;
        },
      ],
      ['resolved to', () => Promise.resolve(refusal)],
      ['rejected with', () => Promise.reject(refusal)],
    ])('%s refuses the client', async (_how, authenticate) => {
      const { connected, answer, socket } = ask(authenticate);
      await settled();
      expect(answer()).toMatch(
        /^HTTP\/1\.1 403 Forbidden\r\nConnection: close\r\n[^]*X-Why: banned[^]*Not you$/,
      );
      expect(connected).not.toHaveBeenCalled();
      expect(socket.destroyed).toBe(true);
    });
  });

  test.each<[string, Authenticate]>([
    [
      'throws a string',
      () => {
        throw 'the database';
      },
    ],
    [
      'throws',
      () => {
        throw new Error('the database');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the database'))],
    ['returns false', () => false],
    ['resolves to false', () => Promise.resolve(false)],
    ['returns a refusal that cannot be sent', () => ({ ...createRefusal(401), status: 7 })],
  ])(
    'that %s sends 500 to the client, and reports the cause only to wsClientError',
    async (_, authenticate) => {
      const wss = new WebSocketServer({ noServer: true, authenticate });
      const failed = vi.fn<(error: Error) => void>();
      wss.on('wsClientError', failed);
      const [client, socket] = duplexPair();
      let answer = '';
      client.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
      wss.handleUpgrade(requestObject(), socket, Buffer.alloc(0), () => expect.fail('connected'));
      await settled();
      expect(answer).toMatch(/^HTTP\/1\.1 500 [^]*\r\n\r\nInternal Server Error$/);
      const [error] = failed.mock.calls[0]!;
      expect(error).toMatchObject({ code: 'WS_ERR_AUTHENTICATION_FAILED' });
      expect(error.cause).toBeDefined();
      expect(failed).toHaveBeenCalledOnce();
    },
  );

  test('causes an uncaught exception if a listener of connection throws after a later answer', async () => {
    const { asked, resolve } = later();
    const { connected, socket } = ask(asked);
    const thrown = new Promise((done) => process.prependOnceListener('uncaughtException', done));
    const others = process.listeners('uncaughtException').slice(1);
    for (const other of others) process.off('uncaughtException', other);
    connected.mockImplementation(() => {
      throw new Error('from the listener');
    });
    resolve('ada');
    const error = await thrown;
    for (const other of others) process.on('uncaughtException', other);
    expect(error).toMatchObject({ message: 'from the listener' });
    socket.destroy();
  });

  test('connects the client in the async context of the request', async () => {
    const storage = new AsyncLocalStorage<string>();
    const { asked, resolve } = later();
    const { connected } = storage.run('request', () => ask(asked));
    connected.mockImplementation(() => expect(storage.getStore()).toBe('request'));
    storage.run('database', () => resolve('ada'));
    await settled();
    expect(connected).toHaveBeenCalledOnce();
  });
});

describe('while authenticate has not answered', () => {
  test('data that the client sends is kept and delivered first', async () => {
    const { asked, resolve } = later();
    const { client, connected } = ask(asked, {}, FRAME);
    const messages: string[] = [];
    connected.mockImplementation((ws) => {
      ws.on('message', (data) => messages.push(String(data)));
    });
    client.write(Buffer.from(FRAME.replace('a', 'b'), 'latin1'));
    await settled();
    resolve(undefined);
    await settled();
    client.write(Buffer.from(FRAME.replace('a', 'c'), 'latin1'));
    await settled();
    expect(messages).toEqual(['a', 'b', 'c']);
  });

  test('the amount of data that is kept is limited, and none is lost', async () => {
    const { asked, resolve } = later();
    const { client, socket, connected } = ask(asked);
    const bytes: number[] = [];
    connected.mockImplementation((ws) => {
      ws.on('message', (data) => bytes.push((data as Buffer)[0]!));
    });
    const count = 40;
    // 4 KiB each, numbered.
    for (let i = 0; i < count; i++) {
      client.write(Buffer.concat([Buffer.from('82fe100000000000', 'hex'), Buffer.alloc(4096, i)]));
    }
    await settled();
    expect(socket.isPaused()).toBe(true);
    expect(client.writableLength).toBeGreaterThan(64 * 1024);
    resolve(undefined);
    await settled();
    expect(bytes).toEqual([...Array(count).keys()]);
  });

  test('many small chunks take little more memory than their bytes', async () => {
    const { asked, resolve } = later();
    const { socket, connected } = ask(asked);
    const copied = vi.spyOn(Buffer, 'allocUnsafeSlow');
    for (let i = 0; i < 4096; i++) socket.emit('data', Buffer.of(0x81));
    // Doubled each time: 1, 2, 4 and so on.
    expect(copied.mock.calls.map(([size]) => size)).toEqual(Array.from({ length: 13 }, (_, i) => 2 ** i));
    copied.mockRestore();
    socket.destroy();
    resolve(undefined);
    await settled();
    expect(connected).not.toHaveBeenCalled();
  });

  test('the signal can be taken from a copy of the context', () => {
    const { asked } = later();
    ask(asked);
    const { signal } = { ...asked.mock.calls[0]![1] };
    expect(signal.aborted).toBe(false);
  });

  test('a thenable that throws is a failure', async () => {
    const broken = {
      then() {
        throw new Error('broken');
      },
    };
    const { wss, answer, connected } = ask(() => broken);
    const failures = vi.fn();
    wss.on('wsClientError', failures);
    await settled();
    expect(answer()).toMatch(/^HTTP\/1\.1 500 /);
    expect(failures).toHaveBeenCalledOnce();
    expect(connected).not.toHaveBeenCalled();
  });

  test('a then property whose getter throws is a failure', async () => {
    const { answer, connected } = ask(() => ({
      get then() {
        throw new Error('broken');
      },
    }));
    await settled();
    expect(answer()).toMatch(/^HTTP\/1\.1 500 /);
    expect(connected).not.toHaveBeenCalled();
  });

  test('a thenable that resolves to a rejected promise refuses the client', async () => {
    const nested = {
      then(resolve: (value: unknown) => void) {
        resolve(Promise.reject(new UpgradeRefusal(401)));
      },
    };
    const { answer, connected } = ask(() => nested);
    await settled();
    expect(answer()).toMatch(/^HTTP\/1\.1 401 /);
    expect(connected).not.toHaveBeenCalled();
  });

  test.each(['synchronously', 'later'])(
    'shutdown() inside authenticate refuses the client, even if authenticate answers %s',
    async (when) => {
      let shutdown: Promise<unknown> | undefined;
      const { connected, answer } = ask(() => {
        shutdown = servers.at(-1)?.shutdown();
        return when === 'later' ? new Promise(() => undefined) : 'ada';
      });
      await settled();
      expect(answer()).toMatch(/^HTTP\/1\.1 503 /);
      expect(connected).not.toHaveBeenCalled();
      expect(await shutdown).toEqual({ closed: 0, terminated: 0 });
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test('the first messages wait for a subclass that awaits opened in its constructor', async () => {
    const messages: string[] = [];
    class Greeting extends AcceptedWebSocket {
      constructor(...given: ConstructorParameters<typeof AcceptedWebSocket>) {
        super(...given);
        void (this.opened as Promise<this>).then(async () => {
          await Promise.resolve();
          this.on('message', (data) => messages.push(data.toString()));
        });
      }
    }
    const { asked, resolve } = later();
    const { client, connected } = ask(asked, { WebSocket: Greeting });
    client.write(Buffer.from(FRAME, 'latin1'));
    await settled();
    resolve('ada');
    await settled();
    expect([connected.mock.calls.length, messages]).toEqual([1, ['a']]);
  });

  test('the server aborts the signal for a client that left before handleUpgrade()', async () => {
    const { asked, signal } = later();
    const wss = new WebSocketServer({ noServer: true, authenticate: asked, handshakeTimeout: 0 });
    const [client, socket] = duplexPair();
    client.end();
    socket.resume();
    await once(socket, 'end');
    wss.handleUpgrade(requestObject(), socket, Buffer.alloc(0), vi.fn());
    expect(signal().reason).toMatchObject({ name: 'AbortError' });
    expect(socket.destroyed).toBe(true);
  });

  test.each<[string, (client: Duplex, socket: Duplex) => unknown]>([
    ['ends its side', (client) => client.end()],
    ['loses its connection', (_, socket) => socket.destroy(new Error('reset'))],
  ])('and the client %s, the signal aborts and the answer is ignored', async (_, leave) => {
    for (const reads of ['before', 'after']) {
      const { asked, resolve, signal } = later();
      const { client, socket, connected, answer } = ask(asked);
      if (reads === 'before') expect(signal().aborted).toBe(false);
      client.on('error', () => {});
      leave(client, socket);
      await settled();
      expect(signal().aborted).toBe(true);
      expect(signal().reason).toMatchObject({ name: 'AbortError' });
      expect(socket.destroyed).toBe(true);
      resolve('ada');
      await settled();
      expect(connected).not.toHaveBeenCalled();
      expect(answer()).toBe('');
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  test('handshakeTimeout refuses the client with 503, and the signal aborts', async () => {
    const { asked, resolve, signal } = later();
    const { client, connected, answer } = ask(asked, { handshakeTimeout: 1000 });
    client.write('x');
    await settled();
    vi.advanceTimersByTime(999);
    expect(signal().aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(signal().reason).toMatchObject({ name: 'TimeoutError' });
    await settled();
    expect(answer()).toMatch(/^HTTP\/1\.1 503 /);
    resolve('ada');
    await settled();
    expect(connected).not.toHaveBeenCalled();
  });

  test('there is no time limit with handshakeTimeout 0', () => {
    ask(later().asked, { handshakeTimeout: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a connection that the application paused stays paused', async () => {
    const { asked, resolve } = later();
    const { socket, wss, connected } = ask(asked, {
      WebSocket: class extends (await import('@framewire/server')).AcceptedWebSocket {
        override setSocket(...args: Parameters<AcceptedWebSocket['setSocket']>): void {
          this.pause();
          super.setSocket(...args);
        }
      },
    });
    resolve('ada');
    await settled();
    expect(connected).toHaveBeenCalledOnce();
    expect(socket.isPaused()).toBe(true);
    expect(wss.clients.size).toBe(1);
  });
});

test('authenticate and verifyClient cannot be combined', () => {
  const options = { noServer: true, authenticate: () => 1, verifyClient: () => true };
  expect(() => new WebSocketServer(options)).toThrow(
    TypeError('The "authenticate" and "verifyClient" options cannot be combined'),
  );
  expect(() => new WebSocketServer({ ...options, authenticate: null })).not.toThrow();
});

test('emits a warning with the cause of a failure if wsClientError has no listener', async () => {
  const warned = once(process, 'warning') as Promise<[Error & { detail?: string }]>;
  ask(() => {
    throw new Error('the database');
  });
  const [warning] = await warned;
  expect(warning.message).toBe('The authentication of a client failed');
  expect(warning.detail).toContain('the database');
});
