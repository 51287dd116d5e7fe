// Back-pressure: what bufferedAmount counts, and when drain is emitted.
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Extension, TransformDone, WebSocketConnection } from '@framewire/connection';
import { attach, closeOf, end, tcpPair, uncaughtIn } from './support/pairs.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A stream that writes a chunk when the test says so. */
class Gate extends Duplex {
  #written: (() => void) | undefined;
  readonly chunks: number[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk.length);
    this.#written = done;
  }

  /** Completes the write of the oldest chunk, and waits until its callback has run. */
  async release(): Promise<void> {
    const written = this.#written;
    this.#written = undefined;
    written?.();
    await nextTurn();
  }
}

/** An extension that compresses a message when the test says so. */
function slowExtension(): { extension: Extension; compressed: TransformDone[] } {
  const compressed: TransformDone[] = [];
  const extension: Extension = {
    name: 'slow',
    compress: (_part, done) => compressed.push(done),
    decompress: () => {},
    close: () => {},
  };
  return { extension, compressed };
}

function open(options = {}): { ws: WebSocketConnection; gate: Gate; drains: number[] } {
  const gate = new Gate();
  const ws = attach(gate, 'server', { highWaterMark: 1000, ...options });
  const drains: number[] = [];
  ws.on('drain', () => drains.push(ws.bufferedAmount));
  return { ws, gate, drains };
}

describe('bufferedAmount', () => {
  test('can be read without writing', async () => {
    const { ws, gate } = open();
    ws.send('x'.repeat(98));
    expect([ws.bufferedAmount, gate.writableLength, ws.bufferedAmount]).toEqual([100, 0, 100]);
    ws.send('x'.repeat(98));
    await nextTurn();
    expect(gate.chunks).toEqual([200]);
    ws.terminate();
    await closeOf(ws);
  });

  test('is 0 while a socket accepts everything, and counts what has to wait', async () => {
    const pair = await tcpPair();
    pair.server.send('x');
    expect(pair.server.bufferedAmount).toBe(0);
    pair.client.pause();
    // More than the kernel accepts.
    pair.server.send(Buffer.alloc(40 << 20));
    const before = pair.server.bufferedAmount;
    expect(before).toBeGreaterThan(0);
    pair.server.send('x'.repeat(98));
    expect(pair.server.bufferedAmount).toBe(before + 100);
    pair.server.terminate();
    await end(pair);
  });

  test('counts a message that is being compressed only once', async () => {
    const { extension, compressed } = slowExtension();
    const { ws, gate } = open({ extension });
    ws.send(Buffer.alloc(300));
    expect(ws.bufferedAmount).toBe(300);
    compressed[0]?.(null, Buffer.alloc(98));
    await nextTurn();
    expect([ws.bufferedAmount, gate.chunks]).toEqual([100, [100]]);
    ws.terminate();
    await closeOf(ws);
  });
});

describe('flush()', () => {
  test('hands what was sent to the stream', async () => {
    const { ws, gate } = open();
    ws.send('a');
    ws.send('b');
    ws.flush();
    expect(gate.chunks).toEqual([6]);
    ws.flush();
    await nextTurn();
    expect(gate.chunks).toEqual([6]);
    ws.terminate();
    await closeOf(ws);
    ws.flush();
  });
});

describe('drain', () => {
  test('is emitted once, when the waiting bytes have fallen to the high-water mark', async () => {
    const { ws, gate, drains } = open();
    for (let count = 0; count < 3; count++) {
      ws.send('x'.repeat(496));
      ws.flush();
      expect(ws.writableNeedDrain).toBe(count === 2);
    }
    await gate.release();
    expect(ws.writableNeedDrain).toBe(false);
    await gate.release();
    expect(drains).toEqual([500]);
    await gate.release();
    expect(drains).toEqual([500]);
    ws.terminate();
    await closeOf(ws);
  });

  test('is not emitted if the waiting bytes never exceeded the high-water mark', async () => {
    const { ws, gate, drains } = open();
    ws.send('x'.repeat(996));
    expect(ws.writableNeedDrain).toBe(false);
    await nextTurn();
    await gate.release();
    expect(drains).toEqual([]);
    ws.terminate();
    await closeOf(ws);
  });

  test('is emitted again after a listener has filled the connection again', async () => {
    const { ws, gate, drains } = open();
    ws.on('drain', () => {
      if (drains.length < 3) ws.send('x'.repeat(2000));
    });
    ws.send('x'.repeat(2000));
    for (let turn = 0; turn < 10; turn++) {
      await nextTurn();
      await gate.release();
    }
    expect(drains).toEqual([0, 0, 0]);
    ws.terminate();
    await closeOf(ws);
  });

  test('is emitted even if the socket accepts everything immediately', async () => {
    const pair = await tcpPair({ server: { highWaterMark: 10 } });
    const drained = once(pair.server, 'drain');
    pair.server.send('x'.repeat(100));
    await drained;
    expect(pair.server.bufferedAmount).toBe(0);
    await end(pair);
  });

  test('is emitted after writableNeedDrain was true, even if fewer bytes wait when the turn is written', async () => {
    const { ws, gate, drains } = open();
    ws.send('x'.repeat(898));
    await nextTurn();
    ws.send('x'.repeat(298));
    expect(ws.writableNeedDrain).toBe(true);
    await gate.release();
    await gate.release();
    expect(drains).toHaveLength(1);
    ws.terminate();
    await closeOf(ws);
  });

  test('follows writableNeedDrain even if the program has written all waiting bytes to the stream', async () => {
    const { ws, gate, drains } = open();
    gate.write('x'.repeat(2000));
    expect(ws.writableNeedDrain).toBe(true);
    await nextTurn();
    await gate.release();
    await gate.release();
    expect(drains).toEqual([0]);
    ws.terminate();
    await closeOf(ws);
  });

  test('is emitted when the compressor has finished', async () => {
    const { extension, compressed } = slowExtension();
    const { ws, drains } = open({ extension });
    ws.send('x'.repeat(2000));
    expect(ws.writableNeedDrain).toBe(true);
    compressed[0]?.(null, Buffer.alloc(10));
    await nextTurn();
    expect(drains).toHaveLength(1);
    ws.terminate();
    await closeOf(ws);
  });

  test('depends on the bytes that wait for the compressor and those in the stream together', async () => {
    const { extension, compressed } = slowExtension();
    const { ws, gate, drains } = open({ extension });
    ws.send('x'.repeat(596), { compress: false });
    ws.flush();
    ws.send('x'.repeat(600));
    await gate.release();
    compressed[0]?.(null, Buffer.alloc(10));
    await nextTurn();
    expect(drains).toHaveLength(1);
    ws.terminate();
    await closeOf(ws);
  });

  test('may have a listener that sends a message, which is compressed before later ones', async () => {
    const { extension, compressed } = slowExtension();
    const { ws, gate } = open({ extension });
    ws.once('drain', () => ws.send('y'.repeat(50)));
    ws.send('x'.repeat(2000));
    compressed[0]?.(null, Buffer.alloc(10));
    await nextTurn();
    ws.send('z');
    expect([compressed.length, ws.bufferedAmount]).toEqual([2, 12 + 50 + 1]);
    compressed[1]?.(null, Buffer.alloc(20));
    await nextTurn();
    expect(compressed).toHaveLength(3);
    compressed[2]?.(null, Buffer.alloc(30));
    await nextTurn();
    await gate.release();
    await gate.release();
    expect(gate.chunks).toEqual([12, 22, 32]);
    ws.terminate();
    await closeOf(ws);
  });

  test('does not stop later messages when its listener throws', async () => {
    const { extension, compressed } = slowExtension();
    const { ws, gate } = open({ extension });
    ws.on('drain', () => {
      throw new Error('from the listener');
    });
    ws.send('x'.repeat(2000));
    ws.send('x');
    const errors = await uncaughtIn(async () => {
      compressed[0]?.(null, Buffer.alloc(10));
      await nextTurn();
    });
    expect(errors).toEqual(['Error: from the listener']);
    compressed[1]?.(null, Buffer.alloc(20));
    await nextTurn();
    await gate.release();
    expect(gate.chunks).toEqual([12, 22]);
    ws.terminate();
    await closeOf(ws);
  });

  test('is not emitted when the connection is closing', async () => {
    const { ws, gate, drains } = open();
    ws.send('x'.repeat(2000));
    ws.close();
    await nextTurn();
    await gate.release();
    expect(drains).toEqual([]);
    ws.terminate();
    await closeOf(ws);
  });
});

describe('drained()', () => {
  test('resolves immediately if there is room, otherwise when drain is emitted', async () => {
    const { ws, gate } = open();
    await ws.drained();
    ws.send('x'.repeat(2000));
    let isDrained = false;
    const drained = (ws.drained() as Promise<void>).then(() => (isDrained = true));
    await nextTurn();
    expect(isDrained).toBe(false);
    await gate.release();
    await drained;
    ws.terminate();
    await closeOf(ws);
  });

  test.each([
    ['close()', (ws: WebSocketConnection) => ws.close()],
    ['terminate()', (ws: WebSocketConnection) => ws.terminate()],
  ])('rejects when %s is called, and afterwards', async (_what, act) => {
    const { ws } = open();
    ws.send('x'.repeat(2000));
    const drained = expect(ws.drained()).rejects.toMatchObject({ code: 'WS_ERR_NOT_OPEN' });
    act(ws);
    await drained;
    await expect(ws.drained()).rejects.toMatchObject({ code: 'WS_ERR_NOT_OPEN' });
    ws.terminate();
    await closeOf(ws);
  });

  test('rejects with the reason of its signal, and is not affected by other signals', async () => {
    const { ws, gate } = open();
    ws.send('x'.repeat(2000));
    await expect(ws.drained({ signal: AbortSignal.abort('early') })).rejects.toBe('early');
    const controller = new AbortController();
    const aborted = expect(ws.drained({ signal: controller.signal })).rejects.toBe('late');
    const drained = ws.drained({ signal: new AbortController().signal });
    controller.abort('late');
    await aborted;
    await nextTurn();
    await gate.release();
    await drained;
    ws.terminate();
    await closeOf(ws);
  });

  test('rejects when the stream fails to write, and no drain is emitted', async () => {
    const failing = new Duplex({
      read() {},
      write(_chunk, _encoding, done) {
        setImmediate(done, new Error('broken'));
      },
    });
    const ws = attach(failing, 'server', { highWaterMark: 1000 });
    const closed = closeOf(ws);
    let drains = 0;
    ws.on('drain', () => drains++);
    ws.send('x'.repeat(2000));
    await expect(ws.drained()).rejects.toMatchObject({ code: 'WS_ERR_NOT_OPEN' });
    await closed;
    expect(drains).toBe(0);
  });

  test.each([
    { when: 'before sending', before: true, after: false },
    { when: 'after sending', before: false, after: true },
    { when: 'without sending', before: false, after: false },
  ])('resolves when the program has written to the stream itself $when', async ({ before, after }) => {
    const { ws, gate } = open();
    if (after) {
      ws.send('x');
      ws.flush();
    }
    gate.write('x'.repeat(2000));
    if (before) ws.send('x');
    let isDrained = false;
    const drained = (ws.drained() as Promise<void>).then(() => (isDrained = true));
    while (ws.bufferedAmount > 1000) {
      await nextTurn();
      expect(isDrained).toBe(false);
      await gate.release();
    }
    while (gate.writableLength > 0) await gate.release();
    await gate.release();
    await drained;
    ws.terminate();
    await closeOf(ws);
  });

  test('resolves even if a replaced write() calls back immediately', async () => {
    const { ws, gate } = open();
    gate.write('x'.repeat(2000));
    const { write } = gate;
    let calls = 0;
    gate.write = (_chunk: unknown, done?: unknown) => {
      calls++;
      (done as () => void)();
      return true;
    };
    const drained = ws.drained() as Promise<void>;
    await nextTurn();
    gate.write = write;
    await gate.release();
    await gate.release();
    await drained;
    expect(calls).toBeLessThan(5);
    ws.terminate();
    await closeOf(ws);
  });

  test('does not write to a stream that the program has ended', async () => {
    const { ws, gate } = open();
    ws.send('x'.repeat(2000));
    ws.flush();
    gate.write('x'.repeat(2000));
    const drained = expect(ws.drained()).rejects.toMatchObject({ code: 'WS_ERR_NOT_OPEN' });
    gate.end();
    await gate.release();
    await gate.release();
    expect([gate.errored, gate.writableFinished]).toEqual([null, true]);
    ws.terminate();
    await drained;
    await closeOf(ws);
  });

  test.each([-1, NaN, -Infinity, null, 0])(
    'resolves immediately if nothing waits and highWaterMark is %s',
    async (highWaterMark) => {
      const { ws, gate, drains } = open({ highWaterMark });
      expect(ws.writableNeedDrain).toBe(false);
      await ws.drained();
      ws.send('');
      expect(ws.writableNeedDrain).toBe(true);
      await nextTurn();
      await gate.release();
      expect(drains).toEqual([0]);
      ws.terminate();
      await closeOf(ws);
    },
  );

  test('always resolves immediately if highWaterMark is Infinity', async () => {
    const { ws, drains } = open({ highWaterMark: Infinity });
    ws.send('x'.repeat(1 << 20));
    await ws.drained();
    expect([ws.writableNeedDrain, drains]).toEqual([false, []]);
    ws.terminate();
    await closeOf(ws);
  });

  test('keeps the memory of a fast producer small', async () => {
    const pair = await tcpPair();
    let received = 0;
    pair.client.on('message', (data: Buffer) => (received += data.length));
    let most = 0;
    const chunk = Buffer.alloc(64 * 1024);
    for (let count = 0; count < 400; count++) {
      pair.server.send(chunk);
      most = Math.max(most, pair.server.bufferedAmount);
      await pair.server.drained();
    }
    expect(most).toBeLessThan(3 * chunk.length);
    pair.server.close();
    await closeOf(pair.client);
    expect(received).toBe(400 * chunk.length);
  });
});
