// maxBufferedAmount and onBufferFull: how much a peer may leave unread, and what happens to messages above that.
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { WebSocketConnection, type Extension } from '@framewire/connection';
import { describe, expect, test } from 'vitest';
import { attach, closeOf, collect, end, memoryPair } from './support/pairs.ts';

/** A stream whose other end reads nothing until the test says so. */
class Stuck extends Duplex {
  #held: (() => void) | undefined;
  /** What the other end has read. */
  written = Buffer.alloc(0);

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#held = () => {
      this.written = Buffer.concat([this.written, chunk]);
      done();
    };
  }

  override _destroy(_error: Error | null, done: () => void): void {
    done();
  }

  /** Reads what waits. */
  async takeAll(): Promise<void> {
    while (this.writableLength > 0) {
      this.#held?.();
      await nextTurn();
    }
  }
}

/** The events and callbacks at the end of a connection. */
function story(ws: WebSocketConnection): string[] {
  const lines: string[] = [];
  ws.on('error', (error: Error & { code?: string }) => lines.push(`error ${error.code} ${error.message}`));
  ws.on('close', (code) => lines.push(`close ${code}`));
  return lines;
}

const EXCEEDED = 'WS_ERR_BUFFERED_AMOUNT_EXCEEDED Max buffered amount exceeded';

/** Waits for the end of the turn, when what was sent in it is written. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits for more turns than the peer needs to get a chance to read. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await nextTurn();
}

describe('a send while more than maxBufferedAmount is unread', () => {
  test('ends the connection, and reports the error to its callback and as an error event', async () => {
    const stream = new Stuck();
    const ws = attach(stream, 'server', { maxBufferedAmount: 99 });
    const lines = story(ws);
    // 100 bytes with its header of 2.
    ws.send('x'.repeat(98));
    await someTurns();
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

  test('is refused if it is a ping', async () => {
    const ws = attach(new Stuck(), 'server', { maxBufferedAmount: 1 });
    const lines = story(ws);
    ws.send('');
    await someTurns();
    ws.ping();
    await closeOf(ws);
    expect(lines).toEqual([`error ${EXCEEDED}`, 'close 1006']);
  });

  test('is never refused if it is a pong', async () => {
    const stream = new Stuck();
    const ws = attach(stream, 'server', { maxBufferedAmount: 1 });
    ws.send('');
    await someTurns();
    ws.pong();
    await nextTurn();
    expect([ws.readyState, stream.writableLength]).toEqual([ws.OPEN, 4]);
    ws.terminate();
    await closeOf(ws);
  });

  test.each([10, 1000])(
    'is refused at most three turns after the limit was reached, with %i KiB sent in each turn',
    async (kilobytes) => {
      const limit = 64 * 1024;
      const stream = new Stuck();
      const ws = attach(stream, 'server', { maxBufferedAmount: limit });
      const closed = closeOf(ws);
      const lines = story(ws);
      let turns = 0;
      for (; ws.readyState === ws.OPEN && turns < 100; turns++) {
        for (let count = 0; count < kilobytes && ws.readyState === ws.OPEN; count++) {
          ws.send('x'.repeat(1020));
        }
        await nextTurn();
      }
      // The turns that reach the limit, and three more.
      expect(turns).toBeLessThanOrEqual(Math.ceil(limit / (kilobytes * 1024)) + 3);
      expect(turns).toBeGreaterThan(2);
      await closed;
      expect(lines).toEqual([`error ${EXCEEDED}`, 'close 1006']);
    },
  );

  test.each(['terminate', 'close'] as const)(
    "is refused if it is a fragment in the middle of a message and onBufferFull is '%s'",
    async (onBufferFull) => {
      const stream = new Stuck();
      const ws = attach(stream, 'server', { maxBufferedAmount: 99, onBufferFull, closeTimeout: 1 });
      const lines = story(ws);
      const closed = closeOf(ws);
      for (let count = 0; count < 2; count++) {
        ws.send('x'.repeat(98), { fin: false });
        await someTurns();
      }
      expect([ws.readyState > ws.OPEN, stream.writableLength < 200]).toEqual([true, true]);
      await closed;
      expect(lines).toEqual([`error ${EXCEEDED}`, 'close 1006']);
    },
  );

  test('is not refused because of messages that wait to be compressed', async () => {
    const stuck: Extension = {
      name: 'stuck',
      compress: () => {},
      decompress: () => {},
      close: () => {},
    };
    const ws = attach(new Stuck(), 'server', { maxBufferedAmount: 1000, extension: stuck });
    for (let count = 0; count < 3; count++) {
      ws.send(Buffer.alloc(600));
      await someTurns();
    }
    expect([ws.readyState, ws.bufferedAmount]).toEqual([ws.OPEN, 1800]);
    ws.terminate();
    await closeOf(ws);
  });
});

describe('onBufferFull', () => {
  test("'close' closes with 1008, after the earlier messages", async () => {
    const stream = new Stuck();
    const ws = attach(stream, 'server', { maxBufferedAmount: 1, onBufferFull: 'close', closeTimeout: 1 });
    const lines = story(ws);
    const closed = closeOf(ws);
    ws.send('');
    await someTurns();
    ws.send('refused', (error) => lines.push(`callback ${error?.message}`));
    expect(ws.readyState).toBe(ws.CLOSING);
    ws.flush();
    expect(stream.writableLength).toBe(2 + 4);
    await closed;
    expect(lines).toEqual(['callback Max buffered amount exceeded', `error ${EXCEEDED}`, 'close 1006']);
  });

  test("'drop' keeps the connection open, and emits dropped with the message", async () => {
    const stream = new Stuck();
    const ws = attach(stream, 'server', { maxBufferedAmount: 1, onBufferFull: 'drop' });
    const lines = story(ws);
    ws.on('dropped', (data, isBinary) => lines.push(`dropped ${String(data)} ${isBinary}`));
    const note = (error?: Error & { code?: string }): number => lines.push(`callback ${error?.code}`);
    ws.send('', note);
    await someTurns();
    ws.send('text', note);
    ws.send(Buffer.from('bytes'), note);
    ws.ping('', undefined, note);
    await someTurns();
    expect([ws.readyState, stream.writableLength]).toEqual([ws.OPEN, 2]);
    await stream.takeAll();
    ws.send('again');
    await nextTurn();
    expect(stream.writableLength).toBe(7);
    expect(lines).toEqual([
      'callback WS_ERR_MESSAGE_DROPPED',
      'dropped text false',
      'callback WS_ERR_MESSAGE_DROPPED',
      'dropped bytes true',
      'callback WS_ERR_MESSAGE_DROPPED',
      'callback undefined',
    ]);
    ws.terminate();
    await closeOf(ws);
  });

  test("'drop' drops all fragments of a message or none", async () => {
    const stream = new Stuck();
    const ws = attach(stream, 'server', { maxBufferedAmount: 1, onBufferFull: 'drop' });
    const dropped: unknown[] = [];
    ws.on('dropped', (data) => dropped.push(data));
    ws.send('a', { fin: false });
    await someTurns();
    ws.send('b', { fin: false });
    ws.send('c');
    ws.send('d', { fin: false });
    await stream.takeAll();
    ws.send('e', { fin: false });
    ws.send('f');
    ws.send('g');
    await nextTurn();
    expect(stream.written.toString('latin1')).toBe('\x01\x01a\x00\x01b\x80\x01c');
    expect(dropped).toEqual(['d', 'e', 'f']);
    expect(stream.writableLength).toBe(3);
    ws.terminate();
    await closeOf(ws);
  });

  test('must be one of three strings', () => {
    expect(() => new WebSocketConnection({ onBufferFull: 'block' as 'drop' })).toThrow(
      "onBufferFull must be 'terminate', 'close' or 'drop'",
    );
  });
});

describe('maxBufferedAmount', () => {
  test('allows a single longer message', async () => {
    const pair = memoryPair({ maxBufferedAmount: 1 });
    const message = once(pair.client, 'message');
    pair.server.send(Buffer.alloc(1024 * 1024));
    expect(((await message) as [Buffer])[0]).toHaveLength(1024 * 1024);
    await end(pair);
  });

  test('allows sends again after the peer has read', async () => {
    const stream = new Stuck();
    const ws = attach(stream, 'server', { maxBufferedAmount: 10 });
    for (let count = 0; count < 5; count++) {
      ws.send(Buffer.alloc(100_000));
      await someTurns();
      await stream.takeAll();
    }
    expect(ws.readyState).toBe(ws.OPEN);
    ws.terminate();
  });

  test('does not delay a close frame', async () => {
    const stream = new Stuck();
    const ws = attach(stream, 'server', { maxBufferedAmount: 1, closeTimeout: 1 });
    const lines = story(ws);
    ws.send('hello');
    await someTurns();
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

test('maxBufferedAmount counts frames that are shared with a connection without a limit', async () => {
  const free = attach(new Stuck(), 'server');
  const limited = attach(new Stuck(), 'server', { maxBufferedAmount: 1024 * 1024 });
  const lines = story(limited);
  const closed = closeOf(limited);
  const text = 'x'.repeat(512 * 1024);
  let sent = 0;
  for (; sent < 40 && limited.readyState === limited.OPEN; sent++) {
    for (const ws of [free, limited]) ws.send(`${sent}${text}`);
    await nextTurn();
  }
  expect(sent).toBeLessThan(8);
  await closed;
  expect(lines[0]).toBe(`error ${EXCEEDED}`);
  free.terminate();
  await closeOf(free);
});

test('more than maxBufferedAmount may be sent in one turn to a peer that reads', async () => {
  const pair = memoryPair({ maxBufferedAmount: 1024 * 1024 });
  const received = collect(pair.client);
  for (let count = 0; count < 3 * 1024; count++) pair.server.send('x'.repeat(1024));
  expect(await received.until(3 * 1024)).toHaveLength(3 * 1024);
  await end(pair);
});
