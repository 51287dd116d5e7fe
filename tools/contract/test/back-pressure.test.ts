// Back-pressure options over every transport. Only for framewire, because ws does not have them.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { PreparedMessage, type WebSocket } from 'framewire';
import { describe, expect, test } from 'vitest';
import type { WebSocket as Untyped } from 'ws';
import { directions, type Meeting } from '../src/meeting.ts';
import { ours } from '../src/pairings.ts';
import { eachTransport } from './each.ts';

const LENGTH = 64 * 1024;
/** Together, more than the buffers of two sockets hold. */
const MESSAGES = 512;
const LIMIT = 1024 * 1024;

interface Options {
  readonly highWaterMark?: number;
  readonly maxBufferedAmount?: number;
  readonly onBufferFull?: 'terminate' | 'close' | 'drop';
  readonly perMessageDeflate?: boolean;
}

/** Plays once in each direction, each time on a new connection. */
async function eachWay(
  meeting: Meeting,
  options: Options,
  play: (from: WebSocket, to: WebSocket) => Promise<void>,
): Promise<void> {
  for (const way of [0, 1]) {
    const ends = directions(await meeting.meet({ client: options, server: options }))[way] as [
      Untyped,
      Untyped,
    ];
    const [from, to] = ends as unknown as [WebSocket, WebSocket];
    await play(from, to);
  }
}

function numbered(number: number): Buffer {
  const message = Buffer.alloc(LENGTH, '.');
  message.writeUInt32BE(number);
  return message;
}

/** The numbers of the received messages, until the connection closes. */
function numbersOf(ws: WebSocket): number[] {
  const numbers: number[] = [];
  ws.on('message', (data: WebSocket.RawData) => numbers.push((data as Buffer).readUInt32BE()));
  return numbers;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

eachTransport(ours, (meeting) => {
  test('a producer that awaits drain buffers at most the high-water mark plus one message, and everything arrives', () =>
    eachWay(meeting, { highWaterMark: 4 * LENGTH }, async (from, to) => {
      const numbers = numbersOf(to);
      to.pause();
      let most = 0;
      let waits = 0;
      for (let number = 0; number < MESSAGES; number++) {
        from.send(numbered(number));
        most = Math.max(most, from.bufferedAmount);
        if (from.writableNeedDrain !== true) continue;
        waits++;
        const drained = once(from, 'drain');
        to.resume();
        await drained;
        to.pause();
      }
      to.resume();
      from.close();
      await once(to, 'close');
      expect(numbers).toEqual(Array.from({ length: MESSAGES }, (_, number) => number));
      expect(waits).toBeGreaterThan(0);
      // One more message, because TLS adds bytes to each record.
      expect(most).toBeLessThan(6 * LENGTH);
    }));

  test('more than maxBufferedAmount in one turn does not end the connection of a peer that reads', () =>
    eachWay(meeting, { maxBufferedAmount: LIMIT }, async (from, to) => {
      const numbers = numbersOf(to);
      for (let number = 0; number < 48; number++) from.send(numbered(number));
      from.close(1000);
      expect((await once(to, 'close'))[0]).toBe(1000);
      expect(numbers.length).toBe(48);
    }));

  describe('onBufferFull', () => {
    /**
     * Sends one message per turn to a paused peer, until all are sent or the connection is not open. Returns the error codes that the
     * callbacks receive.
     */
    async function overfill(from: WebSocket, to: WebSocket): Promise<(string | undefined)[]> {
      to.pause();
      const codes: (string | undefined)[] = [];
      for (let number = 0; number < MESSAGES && from.readyState === from.OPEN; number++) {
        from.send(numbered(number), (error?: Error & { code?: string }) => codes.push(error?.code));
        await nextTurn();
      }
      return codes;
    }

    test("'terminate' ends the connection", () =>
      eachWay(meeting, { maxBufferedAmount: LIMIT, onBufferFull: 'terminate' }, async (from, to) => {
        const error = once(from, 'error') as Promise<[Error & { code: string }]>;
        const closed = new Promise((resolve) => from.once('close', resolve));
        const codes = await overfill(from, to);
        expect((await error)[0].code).toBe('WS_ERR_BUFFERED_AMOUNT_EXCEEDED');
        expect(await closed).toBe(1006);
        expect(codes).toContain('WS_ERR_BUFFERED_AMOUNT_EXCEEDED');
      }));

    test("'close' closes with 1008, which the peer receives when it reads", () =>
      eachWay(meeting, { maxBufferedAmount: LIMIT, onBufferFull: 'close' }, async (from, to) => {
        from.on('error', () => {});
        const numbers = numbersOf(to);
        const codes = await overfill(from, to);
        const closed = once(to, 'close');
        to.resume();
        expect((await closed)[0]).toBe(1008);
        expect(numbers).toEqual(numbers.map((_, index) => index));
        expect(codes.filter((code) => code !== undefined)).toEqual(['WS_ERR_BUFFERED_AMOUNT_EXCEEDED']);
      }));

    test("'drop' drops messages, and the peer receives the others when it reads", () =>
      eachWay(meeting, { maxBufferedAmount: LIMIT, onBufferFull: 'drop' }, async (from, to) => {
        const numbers = numbersOf(to);
        let dropped = 0;
        from.on('dropped', () => dropped++);
        const codes = await overfill(from, to);
        to.resume();
        from.close(1000);
        expect((await once(to, 'close'))[0]).toBe(1000);
        expect(dropped).toBeGreaterThan(0);
        expect(codes.filter((code) => code === 'WS_ERR_MESSAGE_DROPPED').length).toBe(dropped);
        expect(numbers.length).toBe(MESSAGES - dropped);
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      }));
  });

  test.each([false, true])('a prepared message arrives as it was created, compressed: %s', (compressed) =>
    eachWay(meeting, { perMessageDeflate: compressed }, async (from, to) => {
      const bytes = Buffer.alloc(2000, 'x');
      const message = new PreparedMessage(bytes);
      const text = new PreparedMessage('y'.repeat(2000));
      bytes.fill('z');
      const received: string[] = [];
      to.on('message', (data: WebSocket.RawData, isBinary: boolean) =>
        received.push(`${isBinary} ${(data as Buffer).toString()}`),
      );
      for (let count = 0; count < 3; count++) {
        from.send(message);
        from.send(text);
        from.send('between');
      }
      from.close(1000);
      await once(to, 'close');
      const each = [`true ${'x'.repeat(2000)}`, `false ${'y'.repeat(2000)}`, 'false between'];
      expect(received).toEqual([...each, ...each, ...each]);
    }),
  );
});
