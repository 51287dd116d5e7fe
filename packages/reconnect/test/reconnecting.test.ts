// When a reconnecting WebSocket connects, waits and ends, with fake connections and timers.
import { ReconnectingWebSocket, type CloseEvent } from '@framewire/reconnect';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeSocket, recorded, settled, start } from './support/fake-socket.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Advances the clock, and lets promises settle. */
async function advance(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
}

/** The delays before the next attempts, all of which fail. */
async function delays(ws: ReconnectingWebSocket, count: number): Promise<number[]> {
  const waits: number[] = [];
  const controller = new AbortController();
  ws.addEventListener('statechange', ({ delay }) => delay !== undefined && waits.push(delay), controller);
  while (waits.length < count) {
    FakeSocket.last.end();
    const made = FakeSocket.made.length;
    await advance(waits.at(-1)! - 1);
    expect(FakeSocket.made).toHaveLength(made);
    await advance(1);
    expect(FakeSocket.made).toHaveLength(made + 1);
  }
  controller.abort();
  return waits;
}

test.each([
  'minReconnectionDelay',
  'maxReconnectionDelay',
  'reconnectionDelayGrowFactor',
  'minUptime',
  'connectionTimeout',
  'maxRetries',
  'maxQueuedBytes',
  'maxEnqueuedMessages',
])('a %s of NaN or below 0 is rejected', (name) => {
  for (const value of [Number.NaN, -1]) {
    expect(() => new ReconnectingWebSocket('ws://host', [], { startClosed: true, [name]: value })).toThrow(
      new RangeError(`${name} must not be less than 0`),
    );
  }
});

describe('the delay', () => {
  test('grows from the minimum to the maximum, with full jitter', async () => {
    const { ws } = await start();
    expect(await delays(ws, 5)).toEqual([2000, 4000, 8000, 10_000, 10_000]);
    vi.mocked(Math.random).mockReturnValue(0);
    expect(await delays(ws, 2)).toEqual([1000, 1000]);
    vi.mocked(Math.random).mockReturnValue(0.5);
    expect(await delays(ws, 1)).toEqual([5500]);
    ws.close();
  });

  test('has the bounds and the growth factor of the options', async () => {
    const { ws } = await start({
      minReconnectionDelay: 100,
      maxReconnectionDelay: 1000,
      reconnectionDelayGrowFactor: 3,
    });
    expect(await delays(ws, 4)).toEqual([300, 900, 1000, 1000]);
    ws.close();
  });

  test('is the minimum when the maximum is shorter', async () => {
    const { ws } = await start({ minReconnectionDelay: 2000, maxReconnectionDelay: 1000 });
    expect(await delays(ws, 1)).toEqual([2000]);
    ws.close();
  });

  test('uses its defaults for undefined options', async () => {
    const { ws } = await start({ minReconnectionDelay: undefined, maxRetries: undefined });
    expect(await delays(ws, 1)).toEqual([2000]);
    ws.close();
  });

  test('is never longer than a timer can run, even without a maximum', async () => {
    const { ws } = await start({ maxReconnectionDelay: Infinity, reconnectionDelayGrowFactor: 1e9 });
    expect(await delays(ws, 1)).toEqual([2 ** 30 - 1]);
    ws.close();
  });

  test('is never reset with a minUptime of Infinity', async () => {
    const { ws } = await start({ minUptime: Infinity });
    await delays(ws, 2);
    FakeSocket.last.open();
    await advance(60_000);
    expect(ws.retryCount).toBe(2);
    ws.close();
  });

  test('is reset only after a connection has been open for minUptime', async () => {
    const { ws } = await start({ minUptime: 5000 });
    await delays(ws, 3);
    FakeSocket.last.open();
    await advance(4999);
    expect(ws.retryCount).toBe(3);
    // The timer of minUptime ends with the connection.
    expect(await delays(ws, 2)).toEqual([10_000, 10_000]);
    FakeSocket.last.open();
    await advance(5000);
    expect(ws.retryCount).toBe(0);
    expect(await delays(ws, 1)).toEqual([2000]);
    ws.close();
  });
});

describe('the state', () => {
  test('is emitted with the previous one', async () => {
    const { ws } = await start();
    const changes: string[] = [];
    ws.addEventListener('statechange', ({ previous, state }) => changes.push(`${previous} > ${state}`));
    FakeSocket.last.open();
    FakeSocket.last.end();
    ws.close();
    expect(changes).toEqual(['connecting > open', 'open > waiting', 'waiting > closed']);
  });

  test('is emitted at each change, and readyState is CLOSED only at the permanent end', async () => {
    const { ws, log } = await start();
    expect([ws.state, ws.readyState]).toEqual(['connecting', ws.CONNECTING]);
    FakeSocket.last.open();
    expect([ws.state, ws.readyState]).toEqual(['open', ws.OPEN]);
    FakeSocket.last.end(1001, 'away');
    expect([ws.state, ws.readyState]).toEqual(['waiting', ws.CONNECTING]);
    await advance(2000);
    expect([ws.state, ws.readyState]).toEqual(['connecting', ws.CONNECTING]);
    FakeSocket.last.open();
    ws.close(4000, 'done');
    expect([ws.state, ws.readyState, ws.shouldReconnect]).toEqual(['open', ws.CLOSING, false]);
    FakeSocket.last.end(4000, 'done');
    expect([ws.state, ws.readyState]).toEqual(['closed', ws.CLOSED]);
    expect(log).toEqual([
      'open',
      'open',
      'waiting 2000',
      'close 1001 away',
      'connecting',
      'open',
      'open',
      'closed',
      'close 4000 done',
    ]);
  });
});

describe('the address and the protocols', () => {
  test.each([
    ['values', 'ws://a/', ['x', 'y']],
    ['functions', () => 'ws://a/', () => ['x', 'y']],
    ['async functions', () => Promise.resolve('ws://a/'), () => Promise.resolve(['x', 'y'])],
  ])('may be %s', async (_, url, protocols) => {
    const { ws } = await start({}, url, protocols);
    expect([FakeSocket.last.url, FakeSocket.last.protocols]).toEqual(['ws://a/', [['x', 'y']]]);
    ws.close();
  });

  test('are computed for each attempt', async () => {
    let token = 0;
    const { ws } = await start(
      {},
      async () => `ws://a/?token=${++token}`,
      () => null,
    );
    await delays(ws, 2);
    expect(FakeSocket.made.map(({ url, protocols }) => [url, protocols])).toEqual([
      ['ws://a/?token=1', []],
      ['ws://a/?token=2', []],
      ['ws://a/?token=3', []],
    ]);
    ws.close();
  });

  test('that cannot be computed make the attempt fail', async () => {
    const url = vi.fn().mockRejectedValueOnce(new Error('no token')).mockResolvedValue('ws://a/');
    const { ws, log } = await start({}, url);
    expect(log).toEqual(['error no token', 'waiting 2000', 'close 1006']);
    await advance(2000);
    expect(FakeSocket.last.url).toBe('ws://a/');
    ws.close();
  });

  test('that arrive after close() are not used', async () => {
    const { ws, log } = await start({}, () => new Promise((resolve) => setTimeout(resolve, 10, 'ws://a/')));
    ws.close();
    ws.close();
    expect(log).toEqual([]);
    await advance(10);
    expect(FakeSocket.made).toEqual([]);
    expect(log).toEqual(['closed', 'close 1006']);
  });

  test('that fail after close() are not reported', async () => {
    const url = (): Promise<string> =>
      new Promise((_resolve, reject) => setTimeout(reject, 10, new Error('late')));
    const { ws, log } = await start({}, url);
    ws.close();
    await advance(10);
    expect(log).toEqual(['closed', 'close 1006']);
  });

  test('that arrive after reconnect() are not used', async () => {
    const { ws } = await start({}, () => new Promise((resolve) => setTimeout(resolve, 10, 'ws://a/')));
    ws.reconnect();
    await advance(10);
    expect(FakeSocket.made).toHaveLength(1);
    ws.close();
  });
});

describe('an attempt', () => {
  test('fails if it takes longer than connectionTimeout', async () => {
    const { ws, log } = await start({ connectionTimeout: 300 });
    await advance(300);
    expect(log).toEqual(['error The connection was not open after 300 ms', 'waiting 2000', 'close 1006']);
    expect(FakeSocket.last.closedWith).toHaveLength(1);
    // Later events of the attempt are ignored.
    FakeSocket.last.open();
    FakeSocket.last.end();
    expect(log).toHaveLength(3);
    ws.close();
  });

  test.each([
    ['without a message', {}, 'error The connection failed'],
    ['with a message', { message: 'refused' }, 'error refused'],
    ['with an error', { error: new Error('reset'), message: 'refused' }, 'error reset'],
  ])('that fails %s is reported', async (_, properties, line) => {
    const { ws, log } = await start();
    FakeSocket.last.dispatchEvent(Object.assign(new Event('error'), properties));
    expect(log).toEqual([line]);
    ws.close();
  });

  test('leaves no timer after reconnect() and the end', async () => {
    const { ws } = await start();
    ws.reconnect();
    await settled();
    ws.close();
    FakeSocket.last.end();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('has no time limit with a connectionTimeout of Infinity', async () => {
    const { ws, log } = await start({ connectionTimeout: Infinity });
    await advance(600_000);
    expect(log).toEqual([]);
    ws.close();
  });

  test('fails with an explanation when the platform has no WebSocket and no class is given', async () => {
    vi.stubGlobal('WebSocket', undefined);
    const ws = new ReconnectingWebSocket('ws://a/');
    const log = recorded(ws);
    await settled();
    expect(log[0]).toMatch('pass a class as the option "WebSocket"');
    ws.close();
  });

  test('uses the class of the platform by default', async () => {
    vi.stubGlobal('WebSocket', FakeSocket);
    FakeSocket.made = [];
    const ws = new ReconnectingWebSocket('ws://a/');
    await settled();
    expect(FakeSocket.made).toHaveLength(1);
    ws.close();
  });
});

describe('messages that are sent without a connection', () => {
  test('wait, and are sent in order before open is emitted', async () => {
    const { ws } = await start();
    expect(ws.send('a')).toBe(false);
    expect(ws.bufferedAmount).toBe(1);
    let sentBefore = 0;
    ws.addEventListener('open', () => {
      sentBefore = FakeSocket.last.sent.length;
      expect(ws.send('c')).toBe(true);
    });
    ws.send('b');
    FakeSocket.last.open();
    expect(sentBefore).toBe(2);
    expect(FakeSocket.last.sent).toEqual(['a', 'b', 'c']);
    expect(ws.bufferedAmount).toBe(0);
    ws.close();
  });

  test('may be changed by the caller after send()', async () => {
    const { ws } = await start();
    const bytes = Uint8Array.of(0, 1, 2, 3);
    ws.send(bytes.subarray(1, 3));
    ws.send(bytes.buffer);
    ws.send(new DataView(bytes.buffer, 3));
    bytes.fill(9);
    FakeSocket.last.open();
    const sent = FakeSocket.last.sent.map((message) => [...new Uint8Array(message as ArrayBuffer)]);
    expect(sent).toEqual([[1, 2], [0, 1, 2, 3], [3]]);
    ws.close();
  });

  test('are limited in bytes, and each rejected one is reported', async () => {
    const { ws, log } = await start({ maxQueuedBytes: 10 });
    ws.send('äöü'); // 6 bytes
    ws.send(new Uint8Array(4));
    ws.send('x');
    ws.send(new Blob(['y']));
    expect(log).toEqual(['dropped x', 'dropped [object Blob]']);
    expect(ws.bufferedAmount).toBe(10);
    FakeSocket.last.open();
    expect(FakeSocket.last.sent).toEqual(['äöü', new Uint8Array(4)]);
    ws.close();
  });

  test('are rejected with maxQueuedBytes: 0, even when they are empty', async () => {
    const { ws, log } = await start({ maxQueuedBytes: 0 });
    ws.send('x');
    ws.send('');
    expect(log).toEqual(['dropped x', 'dropped ']);
    ws.close();
  });

  test('are limited in number by maxEnqueuedMessages', async () => {
    const { ws, log } = await start({ maxEnqueuedMessages: 1 });
    ws.send('a');
    ws.send('b');
    expect(log).toEqual(['dropped b']);
    ws.close();
  });

  test('stay in the queue when the connection ends while they are sent', async () => {
    const { ws } = await start();
    for (const message of ['a', 'b', 'c']) ws.send(message);
    const { last } = FakeSocket;
    last.send = (data) => {
      last.sent.push(data);
      last.readyState = 2;
    };
    last.open();
    expect(last.sent).toEqual(['a']);
    last.end();
    await advance(2000);
    FakeSocket.last.open();
    expect(FakeSocket.last.sent).toEqual(['b', 'c']);
    ws.close();
  });

  test('wait for the next connection while the current one is closing', async () => {
    const { ws } = await start();
    FakeSocket.last.open();
    FakeSocket.last.readyState = 2;
    ws.send('a');
    FakeSocket.last.end();
    await advance(2000);
    FakeSocket.last.open();
    expect(FakeSocket.last.sent).toEqual(['a']);
    ws.close();
  });

  test('are kept at the permanent end, for drainQueuedMessages() or reconnect()', async () => {
    const { ws } = await start();
    ws.send('a');
    ws.close();
    FakeSocket.last.end();
    ws.send('b');
    expect(ws.drainQueuedMessages()).toEqual(['a', 'b']);
    ws.send('c');
    ws.reconnect();
    await settled();
    FakeSocket.last.open();
    expect(FakeSocket.last.sent).toEqual(['c']);
    ws.close();
  });
});

describe('resubscribe', () => {
  test('sends before the waiting messages, on each connection', async () => {
    const infos: boolean[] = [];
    const { ws, log } = await start({
      resubscribe(socket, { isReconnect }) {
        infos.push(isReconnect);
        (socket as unknown as FakeSocket).send('subscribe');
      },
    });
    ws.send('waiting');
    FakeSocket.last.open();
    await settled();
    expect(FakeSocket.last.sent).toEqual(['subscribe', 'waiting']);
    FakeSocket.last.end(1001);
    await advance(2000);
    ws.send('more');
    FakeSocket.last.open();
    await settled();
    expect(FakeSocket.last.sent).toEqual(['subscribe', 'more']);
    expect(infos).toEqual([false, true]);
    expect(log.slice(0, 2)).toEqual(['open', 'open']);
    ws.close();
  });

  test('may wait for an answer, and other messages wait for it', async () => {
    let proceed = (): void => {};
    const { ws, log } = await start({
      resubscribe: () => new Promise<void>((resolve) => (proceed = resolve)),
    });
    FakeSocket.last.open();
    await settled();
    ws.send('a');
    FakeSocket.last.receive('welcome');
    expect([ws.state, FakeSocket.last.sent, log]).toEqual(['connecting', [], ['message welcome']]);
    proceed();
    await settled();
    expect([ws.state, FakeSocket.last.sent]).toEqual(['open', ['a']]);
    ws.close();
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('not now');
      },
    ],
    ['rejects', () => Promise.reject(new Error('not now'))],
  ])('that %s makes the attempt fail, and messages keep waiting', async (_, resubscribe) => {
    const { ws, log } = await start({ resubscribe });
    ws.send('a');
    FakeSocket.last.open();
    await settled();
    expect(log).toEqual(['error not now', 'waiting 2000', 'close 1006']);
    expect([FakeSocket.last.sent, ws.bufferedAmount]).toEqual([[], 1]);
    ws.close();
  });

  test('counts towards connectionTimeout', async () => {
    const { ws, log } = await start({ connectionTimeout: 50, resubscribe: () => new Promise(() => {}) });
    FakeSocket.last.open();
    await advance(50);
    expect(log[0]).toBe('error The connection was not open after 50 ms');
    ws.close();
  });

  test('does not report open for a connection that is closing when it returns', async () => {
    const { ws, log } = await start({
      resubscribe: () => {
        FakeSocket.last.readyState = 2;
      },
    });
    FakeSocket.last.open();
    await settled();
    expect(log).toEqual([]);
    ws.close();
  });

  test('does not report open for a connection that has ended when it resolves', async () => {
    let proceed = (): void => {};
    const { ws, log } = await start({
      resubscribe: () => new Promise<void>((resolve) => (proceed = resolve)),
    });
    FakeSocket.last.open();
    await settled();
    FakeSocket.last.end(1001);
    proceed();
    await settled();
    expect(log).toEqual(['waiting 2000', 'close 1001']);
    ws.close();
  });
});

describe('it ends permanently', () => {
  test.each([
    ['the code 1008 by default', {}, 1008],
    ['a code of the application', { finalCloseCodes: [4003] }, 4003],
    ['shouldReconnectOnClose', { shouldReconnectOnClose: ({ code }: CloseEvent) => code !== 1011 }, 1011],
  ])('by %s', async (_, options, code) => {
    const { ws, log } = await start(options);
    FakeSocket.last.open();
    FakeSocket.last.end(code, 'why');
    expect(log.slice(-2)).toEqual(['closed', `close ${code} why`]);
    await advance(60_000);
    expect([FakeSocket.made.length, ws.readyState, ws.shouldReconnect]).toEqual([1, ws.CLOSED, false]);
  });

  test.each([1000, 1001, 1006, 1011, 1012, 4000])('not by the code %i', async (code) => {
    const { ws } = await start();
    FakeSocket.last.open();
    FakeSocket.last.end(code);
    expect(ws.state).toBe('waiting');
    ws.close();
  });

  test('not by a shouldReconnectOnClose that returns nothing', async () => {
    const { ws } = await start({ shouldReconnectOnClose: vi.fn() });
    FakeSocket.last.end();
    expect(ws.state).toBe('waiting');
    ws.close();
  });

  test('after maxRetries', async () => {
    const { ws } = await start({ maxRetries: 2 });
    await delays(ws, 2);
    FakeSocket.last.end();
    expect([ws.state, ws.retryCount]).toEqual(['closed', 2]);
  });

  test('by close() while it waits', async () => {
    const { ws, log } = await start();
    FakeSocket.last.end();
    ws.close(4001, 'enough');
    expect([ws.readyState, log.at(-1)]).toEqual([ws.CLOSED, 'closed']);
    await advance(60_000);
    expect(log.slice(-2)).toEqual(['closed', 'close 4001 enough']);
    expect(FakeSocket.made).toHaveLength(1);
  });

  test('by close() while it connects, without an error', async () => {
    const { ws, log } = await start();
    ws.close();
    FakeSocket.last.end();
    expect(log).toEqual(['closed', 'close 1006']);
  });

  test('not by close() with an invalid code', async () => {
    const { ws } = await start();
    FakeSocket.last.open();
    expect(() => ws.close(1)).toThrow('no such code');
    expect(ws.shouldReconnect).toBe(true);
    ws.close();
  });

  test('by its signal, and reconnect() has no effect after that', async () => {
    const controller = new AbortController();
    const { ws, log } = await start({ signal: controller.signal });
    FakeSocket.last.open();
    controller.abort();
    expect(FakeSocket.last.closedWith).toEqual([[1000, undefined]]);
    FakeSocket.last.end(1000);
    expect(log.slice(-2)).toEqual(['closed', 'close 1000']);
    ws.reconnect();
    await settled();
    expect(FakeSocket.made).toHaveLength(1);
  });

  test('by an aborted signal, before it connects', async () => {
    const { ws, log } = await start({ signal: AbortSignal.abort() });
    expect([FakeSocket.made, ws.state, log]).toEqual([[], 'closed', ['close 1006']]);
  });

  test('and releases its signal until reconnect()', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    const { ws } = await start({ signal });
    FakeSocket.last.end();
    await advance(2000);
    ws.close();
    FakeSocket.last.end();
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 1]);
    ws.reconnect();
    await settled();
    controller.abort();
    expect(FakeSocket.last.closedWith).toEqual([[1000, undefined]]);
  });
});

describe('reconnect()', () => {
  test('connects immediately, and drops the current connection', async () => {
    const { ws, log } = await start();
    const first = FakeSocket.last;
    first.open();
    ws.reconnect(4000, 'again');
    await settled();
    expect(first.closedWith).toEqual([[4000, 'again']]);
    expect(log.slice(1)).toEqual(['open', 'connecting', 'close 4000 again']);
    first.receive('late');
    first.end();
    expect(log).toHaveLength(4);
    expect(FakeSocket.made).toHaveLength(2);
    ws.close();
  });

  test('with an invalid code closes without one', async () => {
    const { ws } = await start();
    const { last } = FakeSocket;
    ws.reconnect(1);
    expect(last.closedWith).toEqual([[]]);
    ws.close();
  });

  test('resets the delay', async () => {
    const { ws } = await start();
    await delays(ws, 3);
    ws.reconnect();
    await settled();
    expect(ws.retryCount).toBe(0);
    expect(await delays(ws, 1)).toEqual([2000]);
    ws.close();
  });

  test('cancels the attempt that would follow the delay', async () => {
    const { ws } = await start();
    FakeSocket.last.end();
    ws.reconnect();
    await settled();
    FakeSocket.last.open();
    await advance(60_000);
    expect(FakeSocket.made).toHaveLength(2);
    ws.close();
  });

  test('ends the timer of minUptime of the previous connection', async () => {
    const { ws } = await start({ minUptime: 5000 });
    FakeSocket.last.open();
    ws.reconnect();
    await settled();
    FakeSocket.last.open();
    expect(await delays(ws, 3)).toEqual([2000, 4000, 8000]);
    ws.close();
  });

  test('connects a WebSocket that was created with startClosed', async () => {
    const { ws, log } = await start({ startClosed: true });
    expect([FakeSocket.made, ws.readyState]).toEqual([[], ws.CLOSED]);
    ws.send('a');
    ws.reconnect();
    await settled();
    FakeSocket.last.open();
    expect(FakeSocket.last.sent).toEqual(['a']);
    expect(log).toEqual(['connecting', 'open', 'open']);
    expect(ws.shouldReconnect).toBe(true);
    ws.close();
  });
});

describe('in a browser', () => {
  /** Replaces the network of the platform with one that can disappear and appear. */
  function network(): { go(): void; come(): void } {
    const target = new EventTarget();
    const navigator = { onLine: true };
    vi.stubGlobal('navigator', navigator);
    vi.stubGlobal('addEventListener', target.addEventListener.bind(target));
    vi.stubGlobal('removeEventListener', target.removeEventListener.bind(target));
    return {
      go() {
        navigator.onLine = false;
        target.dispatchEvent(new Event('offline'));
      },
      come() {
        navigator.onLine = true;
        target.dispatchEvent(new Event('online'));
      },
    };
  }

  test('it waits while there is no network, and connects immediately when there is one', async () => {
    const { go, come } = network();
    const { ws, log } = await start();
    FakeSocket.last.open();
    go();
    FakeSocket.last.end();
    expect(log.at(-2)).toBe('waiting Infinity');
    await advance(600_000);
    expect(FakeSocket.made).toHaveLength(1);
    come();
    await settled();
    expect(FakeSocket.made).toHaveLength(2);
    ws.close();
  });

  test('a network that appears while it is open, or after the end, changes nothing', async () => {
    const { come } = network();
    const { ws } = await start();
    FakeSocket.last.open();
    come();
    await settled();
    expect([FakeSocket.made.length, ws.state]).toEqual([1, 'open']);
    const remove = vi.fn();
    vi.stubGlobal('removeEventListener', remove);
    ws.close();
    FakeSocket.last.end(1000);
    expect(remove.mock.calls.map(([type]) => type as unknown)).toEqual(['online', 'offline']);
  });

  test('a network that disappears while it waits stops the timer', async () => {
    const { go, come } = network();
    const { ws, log } = await start();
    FakeSocket.last.end();
    go();
    await advance(600_000);
    expect([FakeSocket.made.length, log.at(-1)]).toEqual([1, 'waiting Infinity']);
    come();
    await settled();
    expect(FakeSocket.made).toHaveLength(2);
    ws.close();
  });
});

test('a close event has the wasClean of the connection', async () => {
  const { ws } = await start();
  const endings: boolean[] = [];
  ws.addEventListener('close', ({ wasClean }) => endings.push(wasClean));
  FakeSocket.last.open();
  FakeSocket.last.end(1001);
  await advance(2000);
  FakeSocket.last.end();
  ws.close();
  await settled();
  expect(endings).toEqual([true, false, true]);
});

test('bufferedAmount includes what the connection has not sent', async () => {
  const { ws } = await start();
  ws.send('abc');
  FakeSocket.last.bufferedAmount = 5;
  expect(ws.bufferedAmount).toBe(8);
  ws.close();
});

test('binaryType, protocol, extensions and url are those of the connection', async () => {
  const { ws } = await start();
  ws.binaryType = 'arraybuffer';
  FakeSocket.last.protocol = 'chat';
  expect([FakeSocket.last.binaryType, ws.protocol, ws.extensions, ws.url]).toEqual([
    'arraybuffer',
    'chat',
    '',
    'ws://127.0.0.1:1/',
  ]);
  FakeSocket.last.end();
  expect([ws.protocol, ws.extensions, ws.url]).toEqual(['', '', '']);
  await advance(2000);
  expect(FakeSocket.last.binaryType).toBe('arraybuffer');
  ws.close();
});

test('a function set as onmessage is called in the position of the first one, with the socket as this', async () => {
  const { ws } = await start();
  const heard: string[] = [];
  expect(ws.onmessage).toBeNull();
  ws.onmessage = () => heard.push('replaced');
  ws.addEventListener('message', () => heard.push('listener'));
  ws.onmessage = function (this: unknown, { data, target }) {
    heard.push(`${data} ${this === ws} ${target === ws}`);
  };
  ws.onopen = () => heard.push('open');
  ws.onerror = () => heard.push('error');
  ws.onclose = ({ code }) => heard.push(`close ${code}`);
  FakeSocket.last.open();
  FakeSocket.last.receive('hi');
  ws.onmessage = {} as never;
  FakeSocket.last.receive('unheard');
  FakeSocket.last.end();
  expect(ws.onmessage).toBeNull();
  expect(heard).toEqual(['open', 'hi true true', 'listener', 'listener', 'error', 'close 1006']);
  ws.close();
});

test('debug logs events with debugLogger or the console', async () => {
  const debugLogger = vi.fn();
  const { ws } = await start({ debug: true, debugLogger });
  expect(debugLogger).toHaveBeenCalledWith('state', 'connecting', undefined);
  ws.close();
  const log = vi.spyOn(console, 'log').mockReturnValue();
  (await start({ debug: true })).ws.close();
  expect(log).toHaveBeenCalled();
});

describe('close() in a function of the program', () => {
  test.each(['url', 'protocols'])('ends the attempt that has called the provider of %s', async (which) => {
    let calls = 0;
    const close = (): void => {
      if (++calls === 2) ws.close();
    };
    const { ws, log } = await start(
      {},
      () => {
        if (which === 'url') close();
        return 'ws://127.0.0.1:1/';
      },
      () => {
        if (which === 'protocols') close();
        return [];
      },
    );
    FakeSocket.last.end();
    await advance(60_000);
    expect(calls).toBe(2);
    expect(FakeSocket.made).toHaveLength(1);
    expect([ws.state, log.at(-1)]).toEqual(['closed', 'close 1006']);
  });

  test('has effect in shouldReconnectOnClose', async () => {
    const { ws } = await start({ shouldReconnectOnClose: () => (ws.close(), true) });
    FakeSocket.last.end();
    await advance(60_000);
    expect(FakeSocket.made).toHaveLength(1);
    expect(ws.state).toBe('closed');
  });
});
