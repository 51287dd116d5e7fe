// Silent peers, idle connections and old connections, with a fake clock.
import '@framewire/testing/fake-timers';
import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { duplexPair } from 'node:stream';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ConnectionOptions, WebSocketConnection } from '@framewire/connection';
import { attach, memoryPair, type Pair } from './support/pairs.ts';

const opened: Pair[] = [];

afterEach(async () => {
  for (const { client, server } of opened.splice(0)) {
    client.terminate();
    server.terminate();
  }
  await settled();
  // No timers are left after the connections have closed.
  expect(vi.getTimerCount()).toBe(0);
});

/** A server with options, and its client. */
function meet(server: ConnectionOptions, client: ConnectionOptions = {}): Pair {
  const pair = memoryPair({ server, client });
  opened.push(pair);
  return pair;
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((done) => setImmediate(done));
}

/** Advances the clock. The streams deliver everything before and after. */
async function pass(milliseconds: number): Promise<void> {
  await settled();
  vi.advanceTimersByTime(milliseconds);
  await settled();
}

/** Records some events of a connection. */
function record(ws: WebSocketConnection, ...events: string[]): unknown[][] {
  const log: unknown[][] = [];
  for (const event of events) ws.on(event, (...args: unknown[]) => log.push([event, ...args]));
  return log;
}

describe('a heartbeat', () => {
  test('pings a silent peer after each interval, and measures the round trip', async () => {
    const { client, server } = meet({ heartbeat: { interval: 1000, timeout: 500 } });
    const pings = record(client, 'ping');
    expect(server.latency).toBeUndefined();
    await pass(999);
    expect(pings).toHaveLength(0);
    await pass(1);
    expect(pings).toHaveLength(1);
    expect(server.latency).toBe(0);
    await pass(1000);
    expect(pings).toHaveLength(2);
    expect(server.readyState).toBe(server.OPEN);
  });

  test('of a client pings the server', async () => {
    const { client, server } = meet({}, { heartbeat: { interval: 1000 } });
    const pings = record(server, 'ping');
    await pass(1000);
    expect(pings).toHaveLength(1);
    expect(client.latency).toBe(0);
  });

  test('uses 20 s for both times if it is true', async () => {
    const { client, server } = meet({ heartbeat: true }, { autoPong: false });
    const pings = record(client, 'ping');
    server.on('error', () => {});
    await pass(19_999);
    expect(pings).toHaveLength(0);
    await pass(1);
    expect(pings).toHaveLength(1);
    await pass(19_999);
    expect(server.readyState).toBe(server.OPEN);
    await pass(1);
    expect(server.readyState).toBe(server.CLOSED);
  });

  test('emits error and then close if the peer does not answer within timeout', async () => {
    const { server } = meet({ heartbeat: { interval: 1000, timeout: 500 } }, { autoPong: false });
    const log = record(server, 'error', 'close');
    await pass(1499);
    expect(log).toEqual([]);
    await pass(1);
    expect(log).toEqual([
      ['error', expect.objectContaining({ code: 'WS_ERR_HEARTBEAT_TIMEOUT' })],
      ['close', 1006, Buffer.alloc(0)],
    ]);
  });

  test.each<[string, (client: WebSocketConnection) => void]>([
    ['a message', (client) => client.send('a')],
    ['a ping', (client) => client.ping()],
    ['the first half of a message', (client) => client.send('a', { fin: false })],
  ])('counts %s as an answer, before the ping and after it', async (_, send) => {
    const { client, server } = meet({ heartbeat: { interval: 1000, timeout: 500 } }, { autoPong: false });
    const pings = record(client, 'ping');
    await pass(600);
    send(client);
    await pass(999);
    expect(pings).toHaveLength(0);
    await pass(1);
    expect(pings).toHaveLength(1);
    await pass(400);
    client.ping();
    await pass(500);
    expect(server.readyState).toBe(server.OPEN);
    expect(server.latency).toBeUndefined();
  });

  test.each(['terminate', 'close', 'drop'] as const)(
    'pings a peer that has left more than maxBufferedAmount unread, with onBufferFull: %s',
    async (onBufferFull) => {
      const { client, server } = meet({
        heartbeat: { interval: 1000, timeout: 500 },
        maxBufferedAmount: 1000,
        onBufferFull,
      });
      const log = record(server, 'error', 'dropped', 'close');
      client.pause();
      server.send(Buffer.alloc(200_000));
      await pass(1499);
      expect(log).toEqual([]);
      expect(server.bufferedAmount).toBeGreaterThan(1000);
      client.resume();
      await settled();
      expect(server.latency).toBeGreaterThan(0);
      await pass(500);
      expect(server.readyState).toBe(server.OPEN);
    },
  );

  test('measures only the round trip of its own ping, even if the pong is late', async () => {
    const { client, server } = meet({ heartbeat: { interval: 1000, timeout: 500 } }, { autoPong: false });
    const pings: Buffer[] = [];
    client.on('ping', (data) => pings.push(data));
    await pass(1000);
    client.pong('none');
    await pass(200);
    expect(server.latency).toBeUndefined();
    client.pong(pings[0]);
    await settled();
    expect(server.latency).toBe(200);
    client.pong(pings[0]);
    await pass(0);
    expect(server.latency).toBe(200);
  });

  test('does not count silence while reading is paused', async () => {
    const { client, server } = meet({ heartbeat: { interval: 1000, timeout: 500 } }, { autoPong: false });
    server.pause();
    await pass(10_000);
    expect(server.readyState).toBe(server.OPEN);
    server.resume();
    const pings = record(client, 'ping');
    await pass(1000);
    expect(pings).toHaveLength(1);
  });

  test('counts an answer that has arrived but was not read yet, because the event loop was busy', async () => {
    const { client, server } = meet({ heartbeat: { interval: 1000, timeout: 500 } }, { autoPong: false });
    await pass(1000);
    client.ping();
    vi.advanceTimersByTime(500);
    await settled();
    expect(server.readyState).toBe(server.OPEN);
  });

  test('still pings 10 hours after a ping that was not answered by a pong', async () => {
    const hour = 3_600_000;
    const { client, server } = meet({ heartbeat: { interval: hour, timeout: 500 } }, { autoPong: false });
    const pings = record(client, 'ping');
    server.on('error', () => {});
    await pass(hour);
    expect(pings).toHaveLength(1);
    for (let i = 0; i < 12; i++) {
      client.send('a');
      await pass(0.9 * hour);
    }
    expect(pings).toHaveLength(1);
    await pass(0.1 * hour);
    expect(pings).toHaveLength(2);
    // Checks are at least a tenth of the interval apart.
    await pass(0.1 * hour);
    expect(server.readyState).toBe(server.CLOSED);
  });

  test('leaves other connections alone if a program changes the times in its options', async () => {
    const heartbeat = { interval: 1000, timeout: 500 };
    const { server: changed } = meet({ heartbeat });
    const { client, server } = meet({ heartbeat: { interval: 2000, timeout: 500 } });
    const pings = record(client, 'ping');
    heartbeat.interval = 2000;
    changed.terminate();
    await pass(2000);
    expect(pings).toHaveLength(1);
    expect(server.readyState).toBe(server.OPEN);
  });

  test('has one timer for all connections with the same times', async () => {
    const pairs = Array.from({ length: 10 }, () => meet({ heartbeat: { interval: 1000, timeout: 500 } }));
    expect(vi.getTimerCount()).toBe(1);
    const pings = pairs.map(({ client }) => record(client, 'ping'));
    pairs[0]!.server.terminate();
    pairs[9]!.server.terminate();
    pairs[4]!.server.terminate();
    await pass(1000);
    expect(pings.map(({ length }) => length)).toEqual([0, 1, 1, 1, 0, 1, 1, 1, 1, 0]);
    const before = vi.getTimerCount();
    meet({ heartbeat: { interval: 2000, timeout: 500 } });
    expect(vi.getTimerCount()).toBe(before + 1);
  });

  test('still checks other connections after a listener has thrown', async () => {
    const silent = { autoPong: false };
    const first = meet({ heartbeat: { interval: 1000, timeout: 500 } }, silent);
    const second = meet({ heartbeat: { interval: 1000, timeout: 500 } }, silent);
    const log = [...[first, second].map(({ server }) => record(server, 'error'))];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const uncaught = vi.fn();
    process.on('uncaughtException', uncaught);
    second.server.on('error', () => {
      throw new Error('from the listener');
    });
    await pass(1000);
    await pass(500);
    process.removeAllListeners('uncaughtException');
    for (const other of others) process.on('uncaughtException', other);
    expect(log.map(({ length }) => length)).toEqual([1, 1]);
    expect(uncaught).toHaveBeenCalledOnce();
  });

  test('emits its error in the async context of the connection', async () => {
    const storage = new AsyncLocalStorage<string>();
    storage.run('another', () => meet({ heartbeat: { interval: 1000, timeout: 500 } }));
    const { server } = storage.run('own', () =>
      meet({ heartbeat: { interval: 1000, timeout: 500 } }, { autoPong: false }),
    );
    const stores: unknown[] = [];
    server.on('error', () => stores.push(storage.getStore()));
    await pass(1000);
    await pass(500);
    expect(stores).toEqual(['own']);
  });

  test.each([{ interval: 0 }, { timeout: -1 }, { interval: NaN }])(
    'throws a RangeError for %j',
    (heartbeat) => {
      expect(() => memoryPair({ server: { heartbeat } })).toThrow(RangeError);
    },
  );

  test.each([false, undefined])('is off if it is %s', (heartbeat) => {
    const { server } = meet({ heartbeat });
    expect(vi.getTimerCount()).toBe(0);
    expect(server.latency).toBeUndefined();
  });
});

test('time limits of an open connection do not keep the process alive', async () => {
  const script = `
    import { PassThrough } from 'node:stream';
    import { WebSocketConnection } from '@framewire/connection';
    const options = { heartbeat: true, idleTimeout: 60_000, maxLifetime: 60_000 };
    new WebSocketConnection(options).setSocket(new PassThrough(), Buffer.alloc(0), {});
    console.log('open');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
    timeout: 30_000,
  });
  expect(stdout).toBe('open\n');
});

test.each([false, { interval: 0 }])(
  'a heartbeat whose option is changed to %j ends with its connection',
  async (to) => {
    const options: { heartbeat: unknown } = { heartbeat: { interval: 1000 } };
    const { server } = meet(options as ConnectionOptions);
    const log = record(server, 'close');
    options.heartbeat = to;
    server.terminate();
    await settled();
    // `afterEach()` checks that no timer is left.
    expect(log).toHaveLength(1);
  },
);

test('an idleTimeout that is changed keeps its value on open connections', async () => {
  const options = { idleTimeout: 1000 };
  const { client, server } = meet(options);
  const log = record(client, 'close');
  options.idleTimeout = 0;
  await pass(600);
  server.send('still here');
  await pass(600);
  expect(log).toEqual([]);
  await pass(600);
  expect(log.map(([, code]) => code)).toEqual([1001]);
});

describe('idleTimeout', () => {
  test('counts a message that has arrived but was not read yet, because the event loop was busy', async () => {
    const { client, server } = meet({ idleTimeout: 1000 });
    await settled();
    client.send('a');
    vi.advanceTimersByTime(1000);
    await settled();
    expect(server.readyState).toBe(server.OPEN);
    await pass(1000);
    expect(server.readyState).not.toBe(server.OPEN);
  });

  test.each(['server', 'client'] as const)(
    'of a %s closes with 1001 after this time without a message',
    async (end) => {
      const options = { idleTimeout: 1000, heartbeat: { interval: 100 } };
      const pair = end === 'server' ? meet(options) : meet({}, options);
      const log = record(pair[end === 'server' ? 'client' : 'server'], 'close');
      await pass(999);
      expect(log).toEqual([]);
      await pass(1);
      expect(log).toEqual([['close', 1001, Buffer.alloc(0)]]);
    },
  );

  test.each(['server', 'client'] as const)('starts again with each message of the %s', async (sender) => {
    const pair = meet({ idleTimeout: 1000 });
    const log = record(pair.client, 'close');
    for (let i = 0; i < 5; i++) {
      await pass(900);
      pair[sender].send('a');
    }
    await pass(999);
    expect(log).toEqual([]);
    await pass(1);
    expect(log).toHaveLength(1);
  });
});

describe('maxLifetime', () => {
  test('starts no timer if the stream has already closed', async () => {
    const [stream] = duplexPair();
    stream.destroy();
    await settled();
    const ws = attach(stream, 'server', { maxLifetime: 1000 });
    await settled();
    expect([ws.readyState, vi.getTimerCount()]).toEqual([ws.CLOSED, 0]);
  });

  test('may be longer than a timer can run', async () => {
    const day = 86_400_000;
    vi.spyOn(Math, 'random').mockReturnValueOnce(0);
    const { server } = meet({ maxLifetime: 30 * day });
    const endless = meet({ maxLifetime: Infinity });
    await pass(30 * day - 1);
    expect(server.readyState).toBe(server.OPEN);
    await pass(1);
    expect(server.readyState).not.toBe(server.OPEN);
    expect(endless.server.readyState).toBe(server.OPEN);
  });

  test.each([
    [0, 1000],
    [0.5, 950],
    [1, 900],
  ])('closes with 1001, up to a tenth earlier if the random number is %s', async (random, lifetime) => {
    vi.spyOn(Math, 'random').mockReturnValueOnce(random);
    const { client, server } = meet({ maxLifetime: 1000 });
    const log = record(client, 'close');
    await pass(lifetime - 1);
    server.send('does not count');
    expect(log).toEqual([]);
    await pass(1);
    expect(log).toEqual([['close', 1001, Buffer.alloc(0)]]);
  });
});
