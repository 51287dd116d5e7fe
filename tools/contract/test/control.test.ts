// Pings and pongs.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { nextMessage } from '../src/inbox.ts';
import { directions } from '../src/meeting.ts';
import { eachPairing, eachPairingAndTransport } from './each.ts';

const LONGEST = Buffer.alloc(125, 'p');

/** The payload of the next event with this name, which must be a Buffer. */
async function nextPayload(ws: WebSocket, event: 'ping' | 'pong'): Promise<string> {
  const [payload] = (await once(ws, event)) as [Buffer];
  expect(Buffer.isBuffer(payload)).toBe(true);
  return payload.toString();
}

eachPairingAndTransport((meeting) => {
  test('a ping is emitted with its payload, and answered by a pong with the same payload', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      for (const payload of ['', 'a', LONGEST.toString()]) {
        const payloads = Promise.all([nextPayload(to, 'ping'), nextPayload(from, 'pong')]);
        from.ping(payload);
        expect(await payloads).toEqual([payload, payload]);
      }
    }
  });

  test('an unsolicited pong is emitted with its payload', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const payloads = nextPayload(to, 'pong');
      from.pong(Buffer.from([0x6f, 0x6b]));
      expect(await payloads).toBe('ok');
    }
  });
});

eachPairing((meeting) => {
  test('with autoPong: false only the application answers a ping', async () => {
    const silent = { autoPong: false };
    for (const [from, to] of directions(await meeting.meet({ server: silent, client: silent }))) {
      const pongs: string[] = [];
      from.on('pong', (payload) => pongs.push(payload.toString()));
      const answered = nextMessage(from);
      const pinged = nextPayload(to, 'ping');
      from.ping('ignored');
      await pinged;
      to.pong('manual');
      to.send('done');
      await answered;
      expect(pongs).toEqual(['manual']);
    }
  });

  test('several pings are answered in order', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const pongs: string[] = [];
      from.on('pong', (payload) => pongs.push(payload.toString()));
      const answered = nextMessage(from);
      to.once('message', () => to.send('done'));
      for (const payload of ['1', '2', '3']) from.ping(payload);
      from.send('over');
      await answered;
      expect(pongs).toEqual(['1', '2', '3']);
    }
  });

  test('a number is sent as text', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const ping = nextPayload(to, 'ping');
      from.ping(42);
      expect(await ping).toBe('42');
      const pong = nextPayload(to, 'pong');
      from.pong(43);
      expect(await pong).toBe('43');
    }
  });

  test.each(['ping', 'pong'] as const)('a %s of more than 125 bytes is a RangeError', async (method) => {
    for (const [from] of directions(await meeting.meet())) {
      expect(() => from[method](Buffer.alloc(126))).toThrow(RangeError);
      expect(() => from[method]('é'.repeat(63))).toThrow('The data size must not be greater than 125 bytes');
      expect(from.readyState).toBe(1);
    }
  });

  test.each(['ping', 'pong'] as const)(
    'the callback of a %s may follow any of its other arguments',
    async (method) => {
      for (const [from] of directions(await meeting.meet())) {
        const errors = await Promise.all([
          new Promise((resolve) => from[method]('a', undefined, resolve)),
          new Promise((resolve) => from[method]('a', resolve as unknown as boolean)),
          new Promise((resolve) => from[method](resolve)),
        ]);
        expect(errors.map((error) => error ?? undefined)).toEqual([undefined, undefined, undefined]);
      }
    },
  );

  test.each(['ping', 'pong'] as const)('a %s while connecting throws', (method) => {
    const client = meeting.dial();
    client.on('error', () => {});
    expect(() => client[method]('too early')).toThrow('WebSocket is not open: readyState 0 (CONNECTING)');
  });
});
