// The flow of received messages: while paused, after a resume, and immediately after the handshake.
import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { closed, nextMessages } from '../src/inbox.ts';
import { directions } from '../src/meeting.ts';
import { turns } from '../src/turns.ts';
import { catchNextException } from '../src/uncaught.ts';
import { eachPairing, eachPairingAndTransport } from './each.ts';

/** Records the texts that arrive. */
function texts(ws: WebSocket): string[] {
  const received: string[] = [];
  ws.on('message', (data) => received.push(data.toString()));
  return received;
}

const NUMBERS = Array.from({ length: 500 }, (_, index) => String(index));

eachPairingAndTransport((meeting) => {
  test('while paused, nothing arrives; after resume(), everything arrives in order', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const received = texts(to);
      const arrived = nextMessages(to, NUMBERS.length);
      to.pause();
      for (const text of NUMBERS) from.send(text);
      await turns(20);
      expect(received).toEqual([]);
      to.resume();
      await arrived;
      expect(received).toEqual(NUMBERS);
      to.removeAllListeners('message');
    }
  });

  test('pausing at every message loses none and keeps their order', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const received = texts(to);
      const arrived = nextMessages(to, 100);
      to.on('message', () => {
        to.pause();
        setImmediate(() => to.resume());
      });
      for (const text of NUMBERS.slice(0, 100)) from.send(text);
      await arrived;
      expect(received).toEqual(NUMBERS.slice(0, 100));
      to.removeAllListeners('message');
    }
  });

  test('a message that the server sends in its connection event arrives after open', async () => {
    const events: string[] = [];
    meeting.serve().on('connection', (ws) => {
      ws.send('immediately');
      ws.ping('too');
    });
    const client = meeting.dial();
    client.on('open', () => events.push('open'));
    client.on('message', (data) => events.push(`message ${data.toString()}`));
    await new Promise<void>((resolve) => client.once('ping', () => resolve()));
    expect(events).toEqual(['open', 'message immediately']);
  });

  test('a message that the client sends in its open event arrives', async () => {
    const listener = meeting.serve();
    const arrived = new Promise<string>((resolve) => {
      listener.on('connection', (ws) => ws.on('message', (data) => resolve(data.toString())));
    });
    const client = meeting.dial();
    client.on('open', () => client.send('from open'));
    expect(await arrived).toBe('from open');
  });

  test('messages that arrived before the close of a paused connection are emitted before close', async () => {
    const { client, server } = await meeting.meet();
    const events = texts(server);
    server.on('close', (code) => events.push(`close ${code}`));
    server.pause();
    client.send('one');
    client.send('two');
    client.close(1000);
    await turns(20);
    const gone = closed(server);
    server.resume();
    await gone;
    expect(events).toEqual(['one', 'two', 'close 1000']);
  });

  test('both sides may send a lot at the same time', async () => {
    const { client, server } = await meeting.meet();
    const payload = Buffer.alloc(100_000, 'x');
    const both = Promise.all([nextMessages(client, 50), nextMessages(server, 50)]);
    for (let index = 0; index < 50; index++) {
      client.send(payload);
      server.send(payload);
    }
    for (const messages of await both) {
      expect(messages.every(({ data }) => payload.equals(data as Buffer))).toBe(true);
    }
  });
});

eachPairing((meeting) => {
  test('with allowSynchronousEvents: false, a turn emits at most one message', async () => {
    const options = { allowSynchronousEvents: false };
    for (const [from, to] of directions(await meeting.meet({ server: options, client: options }))) {
      let isFirstOfTurn = true;
      const others: string[] = [];
      to.on('message', (data) => {
        if (!isFirstOfTurn) others.push(data.toString());
        isFirstOfTurn = false;
        setImmediate(() => (isFirstOfTurn = true));
      });
      const arrived = nextMessages(to, 20);
      for (const text of NUMBERS.slice(0, 20)) from.send(text);
      expect((await arrived).map(({ data }) => data.toString())).toEqual(NUMBERS.slice(0, 20));
      expect(others).toEqual([]);
      to.removeAllListeners('message');
    }
  });

  test('an exception in a listener is not swallowed', async () => {
    const { client, server } = await meeting.meet();
    const uncaught = new Promise<unknown>((resolve) => catchNextException(resolve));
    server.once('message', () => {
      throw new Error('from a listener');
    });
    client.send('first');
    expect(await uncaught).toMatchObject({ message: 'from a listener' });
  });
});
