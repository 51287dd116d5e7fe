// Closing: codes and reasons, which side closes first, what still arrives, and a peer that does not answer.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { closed, nextMessage, nextMessages } from '../src/inbox.ts';
import type { Ends } from '../src/meeting.ts';
import { eachPairing, eachPairingAndTransport } from './each.ts';

const sides = ['client', 'server'] as const;

/** The side that acts, and the other side. */
function byActor(ends: Ends, actor: (typeof sides)[number]): [from: WebSocket, to: WebSocket] {
  return actor === 'client' ? [ends.client, ends.server] : [ends.server, ends.client];
}

const CODES: readonly (readonly [code: number | undefined, reason: string | undefined])[] = [
  [undefined, undefined],
  [1000, undefined],
  [1000, 'done'],
  [1001, 'going away'],
  [1011, ''],
  [1014, 'é'.repeat(61)],
  [3000, 'r'.repeat(123)],
  [4999, '😀'],
];

eachPairingAndTransport((meeting) => {
  test.each(sides)('a close by the %s is emitted on both sides with its code and reason', async (actor) => {
    for (const [code, reason] of CODES) {
      const [from, to] = byActor(await meeting.meet(), actor);
      const both = Promise.all([closed(from), closed(to)]);
      from.close(code, reason);
      expect([from.readyState, to.readyState]).toEqual([2, 1]);
      const expected = { code: code ?? 1005, reason: reason ?? '' };
      expect(await both).toEqual([expected, expected]);
      expect([from.readyState, to.readyState]).toEqual([3, 3]);
    }
  });

  test('when both sides close at the same time, each receives the code of the other', async () => {
    const { client, server } = await meeting.meet();
    const both = Promise.all([closed(client), closed(server)]);
    client.close(3001, 'from the client');
    server.close(3002, 'from the server');
    expect(await both).toEqual([
      { code: 3002, reason: 'from the server' },
      { code: 3001, reason: 'from the client' },
    ]);
  });

  test.each(sides)('terminate() by the %s emits 1006 on both sides', async (actor) => {
    const [from, to] = byActor(await meeting.meet(), actor);
    const both = Promise.all([closed(from), closed(to)]);
    from.terminate();
    expect(from.readyState).toBe(2);
    const abnormal = { code: 1006, reason: '' };
    expect(await both).toEqual([abnormal, abnormal]);
  });

  test.each(sides)('messages that the %s sent before it closed arrive before close', async (actor) => {
    const [from, to] = byActor(await meeting.meet(), actor);
    const events: string[] = [];
    to.on('message', (data) => events.push(`message of ${(data as Buffer).length}`));
    to.on('close', (code) => events.push(`close ${code}`));
    const gone = closed(to);
    from.send('small');
    from.send(Buffer.alloc(1024 * 1024));
    from.send('last');
    from.close(1000);
    await gone;
    expect(events).toEqual(['message of 5', 'message of 1048576', 'message of 4', 'close 1000']);
  });

  test.each(sides)('messages in flight to the %s when it closes still arrive', async (actor) => {
    const [from, to] = byActor(await meeting.meet(), actor);
    const arrived = nextMessages(from, 2);
    to.send('on its');
    to.send('way');
    from.close(1000);
    expect((await arrived).map(({ data }) => data.toString())).toEqual(['on its', 'way']);
    expect((await closed(from)).code).toBe(1000);
  });
});

eachPairing((meeting) => {
  test.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
    'either side may send the close code %d, and both receive it',
    async (code) => {
      for (const actor of sides) {
        const [from, to] = byActor(await meeting.meet(), actor);
        const both = Promise.all([closed(from), closed(to)]);
        from.close(code, 'why');
        expect(await both).toEqual([
          { code, reason: 'why' },
          { code, reason: 'why' },
        ]);
      }
    },
  );

  test.each([999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65536, -1, NaN])(
    'the close code %d is a TypeError, and the connection stays open',
    async (code) => {
      const { client, server } = await meeting.meet();
      for (const ws of [client, server]) {
        expect(() => ws.close(code)).toThrow(TypeError);
        expect(() => ws.close(code)).toThrow('First argument must be a valid error code number');
        expect(ws.readyState).toBe(1);
      }
    },
  );

  test('a reason of more than 123 bytes is a RangeError, and the connection stays open', async () => {
    const { client, server } = await meeting.meet();
    for (const ws of [client, server]) {
      for (const reason of ['r'.repeat(124), 'é'.repeat(62), Buffer.alloc(124)]) {
        expect(() => ws.close(1000, reason)).toThrow(RangeError);
        expect(() => ws.close(1000, reason)).toThrow('The message must not be greater than 123 bytes');
      }
      expect(ws.readyState).toBe(1);
    }
  });

  test.each([
    ['null', null],
    ['a view whose elements are not bytes', new Float32Array(20)],
  ])('%s as a reason is a TypeError', async (_name, reason) => {
    const { client, server } = await meeting.meet();
    for (const ws of [client, server]) {
      expect(() => ws.close(1000, reason as unknown as string)).toThrow(TypeError);
      expect(ws.readyState).toBe(1);
    }
  });

  test('a reason in bytes arrives unchanged', async () => {
    const { client, server } = await meeting.meet();
    const gone = closed(server);
    client.close(1000, Buffer.from('in bytes'));
    expect(await gone).toEqual({ code: 1000, reason: 'in bytes' });
  });

  test('the reason is a Buffer, even if it is empty', async () => {
    const { client, server } = await meeting.meet();
    const events = Promise.all([once(client, 'close'), once(server, 'close')]);
    client.close();
    for (const [code, reason] of await events) {
      expect(code).toBe(1005);
      expect(Buffer.isBuffer(reason)).toBe(true);
      expect((reason as Buffer).length).toBe(0);
    }
  });

  test('a second close() has no effect', async () => {
    const { client, server } = await meeting.meet();
    const both = Promise.all([closed(client), closed(server)]);
    client.close(3000, 'first');
    client.close(3001, 'second');
    const expected = { code: 3000, reason: 'first' };
    expect(await both).toEqual([expected, expected]);
    expect(() => client.close(3002)).not.toThrow();
    expect(() => client.terminate()).not.toThrow();
  });

  test('close is emitted once, whatever happens after it', async () => {
    const { client, server } = await meeting.meet();
    const count = { client: 0, server: 0 };
    client.on('close', () => count.client++);
    server.on('close', () => count.server++);
    const both = Promise.all([closed(client), closed(server)]);
    client.close();
    server.close();
    client.terminate();
    server.terminate();
    await both;
    client.close();
    server.terminate();
    await new Promise((resolve) => setImmediate(resolve));
    expect(count).toEqual({ client: 1, server: 1 });
  });

  test('a close in a message listener loses no later message of the same chunk', async () => {
    const { client, server } = await meeting.meet();
    const received: string[] = [];
    server.on('message', (data) => {
      received.push(data.toString());
      if (received.length === 1) server.close(1000);
    });
    const gone = closed(server);
    for (const text of ['1', '2', '3']) client.send(text);
    await gone;
    expect(received).toEqual(['1', '2', '3']);
  });

  test.each(sides)('closeTimeout of the %s ends a connection whose peer reads nothing', async (actor) => {
    const impatient = { closeTimeout: 50 };
    const [from, to] = byActor(await meeting.meet({ server: impatient, client: impatient }), actor);
    to.pause();
    const gone = closed(from);
    from.close(1000);
    expect(await gone).toEqual({ code: 1006, reason: '' });
  });

  test('a close while connecting emits an error and 1006', async () => {
    for (const method of ['close', 'terminate'] as const) {
      const client = meeting.dial();
      const events: string[] = [];
      client.on('open', () => events.push('open'));
      client.on('error', (error) => events.push(error.message));
      const gone = closed(client);
      client[method]();
      expect(client.readyState).toBe(2);
      expect(await gone).toEqual({ code: 1006, reason: '' });
      expect(events).toEqual(['WebSocket was closed before the connection was established']);
    }
  });

  test('a close in the connection event of the server reaches the client after open', async () => {
    const server = meeting.serve();
    server.on('connection', (ws) => ws.close(4000, 'immediately'));
    const client = meeting.dial();
    const events: string[] = [];
    client.on('open', () => events.push('open'));
    expect(await closed(client)).toEqual({ code: 4000, reason: 'immediately' });
    expect(events).toEqual(['open']);
  });

  test('a message can be awaited after the peer has started to close', async () => {
    const { client, server } = await meeting.meet();
    server.pause();
    client.send('before');
    client.close(1000);
    const arrived = nextMessage(server);
    server.resume();
    expect((await arrived).data.toString()).toBe('before');
    expect((await closed(server)).code).toBe(1000);
  });
});
