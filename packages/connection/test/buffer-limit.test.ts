// maxBufferedAmount: how much may wait for a peer that does not read, and what becomes of it beyond that.
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import type { Extension, WebSocketConnection } from '@framewire/connection';
import { describe, expect, test } from 'vitest';
import { attach, closeOf, end, memoryPair } from './support/pairs.ts';

/** A stream whose other end takes nothing until it is told to. */
class Stuck extends Duplex {
  #held: (() => void) | undefined;

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    this.#held = done;
  }

  override _destroy(_error: Error | null, done: () => void): void {
    done();
  }

  /** Takes what waits. */
  async takeAll(): Promise<void> {
    while (this.writableLength > 0) {
      this.#held?.();
      await nextTurn();
    }
  }
}

/** What a connection tells of its end. */
function story(ws: WebSocketConnection): string[] {
  const lines: string[] = [];
  ws.on('error', (error: Error & { code?: string }) => lines.push(`error ${error.code} ${error.message}`));
  ws.on('close', (code) => lines.push(`close ${code}`));
  return lines;
}

const EXCEEDED = 'WS_ERR_BUFFERED_AMOUNT_EXCEEDED Max buffered amount exceeded';

/** Lets the turn end, so that what was sent in it has been written. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a send that finds more waiting than maxBufferedAmount', () => {
  test('ends the connection, is told why, and so is the listener of error', async () => {
    const stream = new Stuck();
    const ws = attach(stream, 'server', { maxBufferedAmount: 99 });
    const lines = story(ws);
    // With its header of 2 bytes, 100.
    ws.send('x'.repeat(98));
    await nextTurn();
    expect(ws.readyState).toBe(ws.OPEN);
    ws.send('y', (error) => lines.push(`second: ${error?.message}`));
    expect([ws.readyState, lines]).toEqual([ws.CLOSING, []]);
    ws.send('z', (error) => lines.push(`third: ${error?.message}`));
    await closeOf(ws);
    await nextTurn();
    expect(lines).toEqual([
      'second: Max buffered amount exceeded',
      `error ${EXCEEDED}`,
      'third: WebSocket is not open: readyState 2 (CLOSING)',
      'close 1006',
    ]);
    expect(stream.destroyed).toBe(true);
  });

  test.each(['ping', 'pong'] as const)('may be a %s', async (method) => {
    const ws = attach(new Stuck(), 'server', { maxBufferedAmount: 1 });
    const lines = story(ws);
    ws.send('');
    await nextTurn();
    ws[method]();
    await closeOf(ws);
    expect(lines).toEqual([`error ${EXCEEDED}`, 'close 1006']);
  });

  test('may be one of the same turn, which is not gathered without end', async () => {
    const ws = attach(new Stuck(), 'server', { maxBufferedAmount: 64 * 1024 });
    const lines = story(ws);
    const kilobyte = 'x'.repeat(1020);
    let accepted = 0;
    while (ws.readyState === ws.OPEN && accepted < 10_000) {
      accepted++;
      ws.send(kilobyte);
    }
    // The limit, and what a turn gathers before anything is written.
    expect(accepted).toBeLessThan(64 + 17 * 64);
    await closeOf(ws);
    expect(lines).toEqual([`error ${EXCEEDED}`, 'close 1006']);
  });

  test('counts what waits to be compressed', async () => {
    const stuck: Extension = {
      name: 'stuck',
      compress: () => {},
      decompress: () => {},
      close: () => {},
    };
    const ws = attach(new Stuck(), 'server', { maxBufferedAmount: 1000, extension: stuck });
    const closed = closeOf(ws);
    const lines = story(ws);
    for (let count = 0; count < 3; count++) ws.send(Buffer.alloc(600));
    expect(ws.readyState).toBe(ws.CLOSING);
    expect(await closed).toEqual([1006, '']);
    expect(lines).toContain(`error ${EXCEEDED}`);
  });
});

describe('maxBufferedAmount', () => {
  test('lets one message be longer', async () => {
    const pair = memoryPair({ maxBufferedAmount: 1 });
    const message = once(pair.client, 'message');
    pair.server.send(Buffer.alloc(1024 * 1024));
    expect(((await message) as [Buffer])[0]).toHaveLength(1024 * 1024);
    await end(pair);
  });

  test('is about what waits now: once it is taken, more may be sent', async () => {
    const stream = new Stuck();
    const ws = attach(stream, 'server', { maxBufferedAmount: 10 });
    for (let count = 0; count < 5; count++) {
      ws.send(Buffer.alloc(100_000));
      await nextTurn();
      await stream.takeAll();
    }
    expect(ws.readyState).toBe(ws.OPEN);
    ws.terminate();
  });

  test('keeps no close frame back', async () => {
    const stream = new Stuck();
    const ws = attach(stream, 'server', { maxBufferedAmount: 1, closeTimeout: 1 });
    const lines = story(ws);
    ws.send('hello');
    await nextTurn();
    ws.close(1000);
    expect(stream.writableLength).toBeGreaterThan(0);
    await closeOf(ws);
    expect(lines).toEqual(['close 1006']);
  });

  test('has no limit by default', async () => {
    const ws = attach(new Stuck(), 'server');
    for (let count = 0; count < 100; count++) ws.send(Buffer.alloc(1024 * 1024));
    expect(ws.readyState).toBe(ws.OPEN);
    expect(ws.bufferedAmount).toBeGreaterThan(100 * 1024 * 1024);
    ws.terminate();
    await closeOf(ws);
  });
});

test('what is shared with a connection that has no limit is counted too', async () => {
  const free = attach(new Stuck(), 'server');
  const limited = attach(new Stuck(), 'server', { maxBufferedAmount: 1024 * 1024 });
  const lines = story(limited);
  const text = 'x'.repeat(512 * 1024);
  let sent = 0;
  for (let i = 0; i < 40 && limited.readyState === limited.OPEN; i++) {
    for (const ws of [free, limited]) ws.send(`${i}${text}`);
    sent++;
  }
  expect(sent).toBeLessThan(6);
  await closeOf(limited);
  expect(lines[0]).toBe(`error ${EXCEEDED}`);
  free.terminate();
  await closeOf(free);
});

test('what one turn sends is counted for each MiB of it, on a stream that is given it when the turn ends', async () => {
  const limited = attach(new Stuck(), 'server', { maxBufferedAmount: 1024 });
  const lines = story(limited);
  limited.send(Buffer.alloc(1024 * 1024));
  expect(limited.readyState).toBe(limited.OPEN);
  limited.send('more');
  expect(limited.readyState).toBe(limited.CLOSING);
  await closeOf(limited);
  expect(lines[0]).toBe(`error ${EXCEEDED}`);
});
