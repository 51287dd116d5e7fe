// `shutdown()`: which clients are refused, which connections are closed or destroyed, and when.
import '@framewire/testing/fake-timers';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { duplexPair } from 'node:stream';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { AcceptedWebSocket, WebSocketServer } from '@framewire/server';
import { answerTo, closing, httpServer, requestObject, upgradeRequest } from './support/peers.ts';

afterEach(() => {
  vi.clearAllTimers();
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise((done) => setImmediate(done));
}

/** A client that sends raw bytes and records what it receives as hex. */
function join(wss: WebSocketServer, answers = true) {
  const [client, socket] = duplexPair();
  const found = { client, socket, bytes: '', text: '' };
  client.on('data', (chunk: Buffer) => {
    found.text += chunk.toString('latin1');
    const hex = chunk.toString('hex');
    if (hex.startsWith('88')) found.bytes += hex;
    // The same close frame, masked with zeros.
    if (answers && hex.startsWith('88')) client.write(Buffer.from('88820000000003e9', 'hex'));
  });
  client.on('error', () => {}).on('end', () => client.end());
  wss.handleUpgrade(requestObject(), socket, Buffer.alloc(0), () => {});
  return found;
}

function serve(options: object = {}): WebSocketServer {
  return new WebSocketServer({ noServer: true, ...options });
}

describe('shutdown()', () => {
  test('closes all connections with 1001, and counts them', async () => {
    const wss = serve();
    const clients = [join(wss), join(wss), join(wss)];
    const closed = vi.fn();
    wss.on('close', closed);
    await settled();
    expect(await wss.shutdown()).toEqual({ closed: 3, terminated: 0 });
    expect(clients.map(({ bytes }) => bytes)).toEqual(Array(3).fill('880203e9'));
    expect(closed).toHaveBeenCalledOnce();
    expect(wss.clients.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('closes connections whose class returns a proxy with bound methods', async () => {
    class Proxied extends AcceptedWebSocket {
      constructor(...given: ConstructorParameters<typeof AcceptedWebSocket>) {
        super(...given);
        return new Proxy(this, {
          get(target, name) {
            const value = Reflect.get(target, name) as unknown;
            return typeof value === 'function' ? (value.bind(target) as unknown) : value;
          },
        });
      }
    }
    const wss = serve({ WebSocket: Proxied });
    join(wss);
    await settled();
    expect(await wss.shutdown()).toEqual({ closed: 1, terminated: 0 });
    expect(wss.clients.size).toBe(0);
  });

  test('called in a listener of open also closes that connection', async () => {
    let shutdown: Promise<unknown> | undefined;
    class Stopping extends AcceptedWebSocket {
      constructor(...given: ConstructorParameters<typeof AcceptedWebSocket>) {
        super(...given);
        this.on('open', () => {
          shutdown = wss.shutdown();
        });
      }
    }
    const wss = serve({ WebSocket: Stopping });
    const client = join(wss);
    await settled();
    expect(await shutdown).toEqual({ closed: 1, terminated: 0 });
    expect(client.bytes).toBe('880203e9');
  });

  test('sends the given code and reason', async () => {
    const wss = serve();
    const client = join(wss);
    await settled();
    await wss.shutdown({ code: 1012, reason: 'up' });
    expect(client.bytes).toBe('880403f47570');
  });

  test('rejects for a code that cannot be sent, and does not shut down', async () => {
    const wss = serve();
    await expect(wss.shutdown({ code: 1006 })).rejects.toThrow(TypeError);
    await expect(wss.shutdown({ reason: 'x'.repeat(124) })).rejects.toThrow(RangeError);
    const client = join(wss);
    await settled();
    expect(client.text).toMatch(/^HTTP\/1\.1 101/);
  });

  test('destroys connections that do not answer before the timeout', async () => {
    const wss = serve();
    const clients = [join(wss), join(wss, false), join(wss, false)];
    await settled();
    const result = wss.shutdown({ timeout: 500 });
    await settled();
    vi.advanceTimersByTime(499);
    await settled();
    expect(wss.clients.size).toBe(2);
    vi.advanceTimersByTime(1);
    expect(await result).toEqual({ closed: 1, terminated: 2 });
    expect(clients.every(({ socket }) => socket.destroyed)).toBe(true);
  });

  test('spreads the close frames, and counts the timeout from the last one', async () => {
    const wss = serve();
    const clients = Array.from({ length: 10 }, () => join(wss, false));
    const sent = () => clients.filter(({ bytes }) => bytes !== '').length;
    await settled();
    const result = wss.shutdown({ spread: 1000, timeout: 500 });
    const counts: number[] = [];
    for (let time = 0; time <= 1000; time += 100) {
      await settled();
      counts.push(sent());
      vi.advanceTimersByTime(100);
    }
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10]);
    expect(wss.clients.size).toBe(10);
    vi.advanceTimersByTime(500);
    expect(await result).toEqual({ closed: 0, terminated: 10 });
  });

  test('refuses new and waiting clients with 503 and Retry-After meanwhile', async () => {
    for (const options of [
      { authenticate: () => new Promise(() => {}) },
      { verifyClient: (_info: unknown, _answer: unknown) => {} },
    ]) {
      const wss = serve(options);
      const waiting = join(wss);
      await settled();
      const result = wss.shutdown({ retryAfter: 2500 });
      const late = join(wss);
      await settled();
      for (const { text } of [waiting, late]) {
        expect(text).toMatch(/^HTTP\/1\.1 503 [^]*\r\nConnection: close\r\n[^]*\r\nRetry-After: 3\r\n/);
      }
      expect(await result).toEqual({ closed: 0, terminated: 0 });
    }
  });

  test('aborts the signal of an authentication', async () => {
    let signal: AbortSignal | undefined;
    const wss = serve({
      authenticate: (_request: unknown, context: { signal: AbortSignal }) => {
        signal = context.signal;
        return new Promise(() => {});
      },
    });
    join(wss);
    await wss.shutdown();
    expect(signal?.aborted).toBe(true);
  });

  test('runs once, however often it is called, and close() calls back after it', async () => {
    const wss = serve();
    join(wss);
    await settled();
    const closed = vi.fn();
    const results = [wss.shutdown(), wss.shutdown({ code: 1012 })];
    wss.close(closed);
    expect(closed).not.toHaveBeenCalled();
    expect(await Promise.all(results)).toEqual(Array(2).fill({ closed: 1, terminated: 0 }));
    expect(closed).toHaveBeenCalledExactlyOnceWith();
    expect(await wss.shutdown()).toEqual({ closed: 1, terminated: 0 });
  });

  test('closes open connections after close()', async () => {
    const wss = serve();
    join(wss);
    await settled();
    const closed = vi.fn();
    wss.close(closed);
    expect(await wss.shutdown()).toEqual({ closed: 1, terminated: 0 });
    await settled();
    expect(closed).toHaveBeenCalledOnce();
  });

  test('after close(), waits for the close event, even if a client of its own port sends nothing', async () => {
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(wss, 'listening');
    const { port } = wss.address() as AddressInfo;
    const socket = net.connect(port, '127.0.0.1').on('error', () => {});
    closing(() => socket.destroy());
    await once(socket, 'connect');
    const closed = vi.fn();
    wss.on('close', closed);
    wss.close();
    expect(await wss.shutdown()).toEqual({ closed: 0, terminated: 0 });
    expect(closed).toHaveBeenCalledOnce();
  });

  test('closes the connections of another server that are in the set of clients', async () => {
    const [one, other] = [serve(), serve()];
    const [client] = [join(other), join(other)];
    await settled();
    for (const ws of other.clients) one.clients.add(ws);
    // It has closed before the shutdown.
    [...other.clients].at(-1)?.terminate();
    await settled();
    expect(await one.shutdown()).toEqual({ closed: 2, terminated: 0 });
    expect(client.bytes).toBe('880203e9');
  });

  test('closes connections that clientTracking leaves out of clients', async () => {
    const wss = serve({ clientTracking: false });
    const client = join(wss);
    await settled();
    expect(await wss.shutdown()).toEqual({ closed: 1, terminated: 0 });
    expect(client.bytes).toBe('880203e9');
  });

  test('closes the connections in a set that replaces clients', async () => {
    const wss = serve();
    Object.assign(wss, { clients: new Set() });
    const client = join(wss);
    await settled();
    expect(wss.clients.size).toBe(1);
    expect(await wss.shutdown()).toEqual({ closed: 1, terminated: 0 });
    expect([client.bytes, wss.clients.size]).toEqual(['880203e9', 0]);
  });

  test('refuses a client that a listener of wsClientError has not answered', async () => {
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', handshakeTimeout: 0 });
    await once(wss, 'listening');
    const invalid = once(wss, 'wsClientError');
    const { port } = wss.address() as AddressInfo;
    const answer = answerTo(port, upgradeRequest({ 'Sec-WebSocket-Key': 'none' }));
    await invalid;
    expect(await wss.shutdown()).toEqual({ closed: 0, terminated: 0 });
    expect(await answer).toMatch(/^HTTP\/1\.1 503 /);
  });

  test('can be called by an abort listener that the shutdown itself calls', async () => {
    const again: Promise<unknown>[] = [];
    const authenticate = (_request: unknown, { signal }: { signal: AbortSignal }) => {
      if (wss.clients.size === 0) return undefined;
      signal.addEventListener('abort', () => again.push(wss.shutdown()));
      return new Promise<undefined>(() => {});
    };
    const wss: WebSocketServer = serve({ authenticate });
    join(wss);
    join(wss);
    await settled();
    expect(await wss.shutdown()).toEqual({ closed: 1, terminated: 0 });
    expect(await Promise.all(again)).toEqual([{ closed: 1, terminated: 0 }]);
  });

  test('refuses a client if a listener of headers calls shutdown()', async () => {
    const wss = serve();
    wss.on('headers', () => void wss.shutdown());
    const connected = vi.fn();
    const [client, socket] = duplexPair();
    const answer = once(client, 'data') as Promise<[Buffer]>;
    wss.handleUpgrade(requestObject(), socket, Buffer.alloc(0), connected);
    expect((await answer)[0].toString()).toMatch(/^HTTP\/1\.1 503 /);
    expect(connected).not.toHaveBeenCalled();
  });

  test('terminates a connection whose close() throws, closes the others, and warns of the error', async () => {
    class Faulty extends AcceptedWebSocket {
      override close(...args: Parameters<AcceptedWebSocket['close']>): void {
        if (wss.clients.size === 3) throw new Error('not now');
        super.close(...args);
      }
    }
    const warning = once(process, 'warning') as Promise<[Error]>;
    const wss = serve({ WebSocket: Faulty });
    const clients = [join(wss), join(wss), join(wss)];
    await settled();
    const result = wss.shutdown({ spread: 100 });
    for (let time = 0; time < 200; time += 10) {
      vi.advanceTimersByTime(10);
      await settled();
    }
    expect(await result).toEqual({ closed: 2, terminated: 1 });
    expect(clients.map(({ bytes }) => bytes)).toEqual(['', '880203e9', '880203e9']);
    const [{ name, message }] = await warning;
    expect([name, message]).toEqual([
      'WebSocketServerWarning',
      'A connection could not be closed or terminated',
    ]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('never');
      },
    ],
    ['does nothing', () => {}],
  ])('destroys a connection after timeout, even if its terminate() %s', async (behaviour, terminate) => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const wss = serve({
      WebSocket: class extends AcceptedWebSocket {
        override terminate = terminate;
      },
    });
    const clients = [join(wss, false), join(wss, false)];
    await settled();
    const result = wss.shutdown({ timeout: 500 });
    vi.advanceTimersByTime(500);
    expect(await result).toEqual({ closed: 0, terminated: 2 });
    expect(clients.every(({ socket }) => socket.destroyed)).toBe(true);
    expect(warned).toHaveBeenCalledTimes(behaviour === 'throws' ? 1 : 0);
    warned.mockRestore();
  });

  test('closes its own port immediately, and ends connections without a request', async () => {
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(wss, 'listening');
    const { port } = wss.address() as AddressInfo;
    const idle = net.connect(port, '127.0.0.1').on('error', () => {});
    const socket = net.connect(port, '127.0.0.1').on('error', () => {});
    socket.write(upgradeRequest());
    await once(wss, 'connection');
    const result = wss.shutdown();
    const [error] = (await once(net.connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    socket.on('data', () => socket.write(Buffer.from('88820000000003e9', 'hex')));
    expect(await result).toEqual({ closed: 1, terminated: 0 });
    idle.destroy();
    socket.destroy();
  });

  test('on a shared HTTP server, refuses requests until the last connection has closed, and leaves it running', async () => {
    const { server, port } = await httpServer();
    const wss = new WebSocketServer({ server });
    const socket = net.connect(port, '127.0.0.1').on('error', () => {});
    closing(() => socket.destroy());
    socket.write(upgradeRequest());
    await once(wss, 'connection');
    const result = wss.shutdown({ timeout: 1000 });
    expect(await answerTo(port, upgradeRequest())).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: 1\r\n/);
    vi.advanceTimersByTime(1000);
    expect(await result).toEqual({ closed: 0, terminated: 1 });
    expect(server.listening).toBe(true);
    expect(server.listenerCount('upgrade')).toBe(0);
  });
});

describe.each(['the rest', 'the rest and a reset'])(
  'A client of its own port that has sent a part of its request before close(), and then sends %s',
  (what) => {
    test('is refused, and close is emitted', async () => {
      const verifyClient = vi.fn(() => true);
      const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', verifyClient });
      await once(wss, 'listening');
      const { port } = wss.address() as AddressInfo;
      const sockets: net.Socket[] = [];
      const collect = (message: unknown): void =>
        void sockets.push((message as { socket: net.Socket }).socket);
      subscribe('net.server.socket', collect);
      onTestFinished(() => void unsubscribe('net.server.socket', collect));
      const socket = net.connect(port, '127.0.0.1').on('error', () => {});
      const [line = '', ...fields] = upgradeRequest().split('\r\n');
      socket.write(`${line}\r\n`);
      while (!sockets.some(({ bytesRead }) => bytesRead > 0)) await settled();
      const closed = [once(wss, 'close'), once(socket, 'close')];
      wss.close();
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      socket.write(fields.join('\r\n'));
      if (what !== 'the rest') socket.resetAndDestroy();
      await Promise.all(closed);
      if (what === 'the rest') expect(answer).toMatch(/^HTTP\/1\.1 503 /);
      expect(verifyClient).not.toHaveBeenCalled();
    });
  },
);

test('await using shuts the server down', async () => {
  const wss = serve();
  const client = join(wss);
  await settled();
  await wss[Symbol.asyncDispose]();
  expect(client.bytes).toBe('880203e9');
});

test('a server shuts down when its signal aborts, and then removes its listener from the signal', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const removed = vi.spyOn(signal, 'removeEventListener');
  const wss = serve({ signal });
  const client = join(wss);
  await settled();
  controller.abort();
  await once(wss, 'close');
  expect(client.bytes).toBe('880203e9');
  expect(removed).toHaveBeenCalledOnce();
  await once(serve({ signal: AbortSignal.abort() }), 'close');
});
