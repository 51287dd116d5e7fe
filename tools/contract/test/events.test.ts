// DOM events, and the properties of a connection.
import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import type { CloseEvent, Event, MessageEvent, WebSocket } from 'ws';
import { closed, nextMessage } from '../src/inbox.ts';
import { directions } from '../src/meeting.ts';
import { eachPairing } from './each.ts';

/** The next event with this name, as a DOM listener receives it. */
function nextEvent<T extends Event>(ws: WebSocket, type: string): Promise<T> {
  return new Promise((resolve) => {
    ws.addEventListener(type as 'open', resolve as (event: Event) => void, { once: true });
  });
}

eachPairing((meeting) => {
  describe('on…', () => {
    test('each handler is called with its event, whose target is the connection', async () => {
      const client = meeting.dial();
      const events: string[] = [];
      const log = (event: Event): void => {
        events.push(`${event.type} ${event.target === client} ${client.readyState}`);
      };
      client.onopen = log;
      client.onmessage = log;
      client.onclose = log;
      meeting.serve().on('connection', (ws) => {
        ws.send('hello');
        ws.close(1000);
      });
      await closed(client);
      expect(events).toEqual(['open true 1', 'message true 1', 'close true 3']);
    });

    test('a handler property returns the last function, or null', async () => {
      const { client } = await meeting.meet();
      const first = (): void => {};
      const second = (): void => {};
      expect(client.onmessage).toBe(null);
      client.onmessage = first;
      expect(client.onmessage).toBe(first);
      client.onmessage = second;
      expect(client.onmessage).toBe(second);
      client.onmessage = null;
      expect(client.onmessage).toBe(null);
      expect(client.listenerCount('message')).toBe(0);
    });

    test('a handler that is not a function is ignored', async () => {
      const { client } = await meeting.meet();
      client.onmessage = 'no function' as unknown as null;
      expect(client.onmessage).toBe(null);
      expect(client.listenerCount('message')).toBe(0);
    });

    test('onerror receives the error and its message', async () => {
      const client = meeting.dial();
      const event = nextEvent<Event & { error: Error; message: string }>(client, 'error');
      client.close();
      const { error, message, type } = await event;
      expect(error).toBeInstanceOf(Error);
      expect([type, message]).toEqual([
        'error',
        'WebSocket was closed before the connection was established',
      ]);
    });
  });

  describe('addEventListener', () => {
    test('text arrives as a string, and bytes by binaryType', async () => {
      for (const [from, to] of directions(await meeting.meet())) {
        const text = nextEvent<MessageEvent>(to, 'message');
        from.send('text é');
        expect((await text).data).toBe('text é');
        const bytes = nextEvent<MessageEvent>(to, 'message');
        from.send(Buffer.from('bytes'));
        const { data } = await bytes;
        expect(Buffer.isBuffer(data)).toBe(true);
        expect(String(data as Buffer)).toBe('bytes');
        to.binaryType = 'arraybuffer';
        const buffer = nextEvent<MessageEvent>(to, 'message');
        from.send(Buffer.from('bytes'));
        expect((await buffer).data).toBeInstanceOf(ArrayBuffer);
      }
    });

    test('the close event has the code, the reason as a string, and whether it was clean', async () => {
      const { client, server } = await meeting.meet();
      const both = Promise.all([
        nextEvent<CloseEvent>(client, 'close'),
        nextEvent<CloseEvent>(server, 'close'),
      ]);
      client.close(4001, 'réason');
      for (const event of await both) {
        expect([event.code, event.reason, event.wasClean]).toEqual([4001, 'réason', true]);
      }
    });

    test('a lost connection is not closed cleanly', async () => {
      const { client, server } = await meeting.meet();
      const both = Promise.all([
        nextEvent<CloseEvent>(client, 'close'),
        nextEvent<CloseEvent>(server, 'close'),
      ]);
      client.terminate();
      for (const event of await both) {
        expect([event.code, event.reason, event.wasClean]).toEqual([1006, '', false]);
      }
    });

    test('once calls a listener for one event', async () => {
      const { client, server } = await meeting.meet();
      const received: unknown[] = [];
      client.addEventListener('message', ({ data }) => received.push(data), { once: true });
      server.send('first');
      server.send('second');
      server.close();
      await closed(client);
      expect(received).toEqual(['first']);
    });

    test('an object with handleEvent is a listener, and is its own this', async () => {
      const { client, server } = await meeting.meet();
      const listener = {
        received: [] as unknown[],
        handleEvent(event: MessageEvent) {
          this.received.push(event.data);
        },
      };
      client.addEventListener('message', listener);
      const arrived = nextMessage(client);
      server.send('to an object');
      await arrived;
      expect(listener.received).toEqual(['to an object']);
      client.removeEventListener('message', listener);
      expect(client.listenerCount('message')).toBe(0);
    });

    test('the connection is the this of a function', async () => {
      const { client, server } = await meeting.meet();
      const self = new Promise((resolve) => {
        client.addEventListener('message', function (this: unknown) {
          resolve(this);
        });
      });
      server.send('whose this');
      expect(await self).toBe(client);
    });

    test('a listener is added only once', async () => {
      const { client } = await meeting.meet();
      const listener = (): void => {};
      client.addEventListener('message', listener);
      client.addEventListener('message', listener);
      expect(client.listenerCount('message')).toBe(1);
      client.removeEventListener('message', listener);
      expect(client.listenerCount('message')).toBe(0);
    });

    test('an event type other than the four of the DOM is ignored', async () => {
      const { client } = await meeting.meet();
      client.addEventListener('ping' as 'message', () => {});
      expect(client.listenerCount('ping')).toBe(0);
    });

    test('removeEventListener leaves a listener of on() alone', async () => {
      const { client } = await meeting.meet();
      const listener = (): void => {};
      client.on('open', listener);
      client.removeEventListener('open', listener);
      expect(client.listenerCount('open')).toBe(1);
    });

    test('listeners of both kinds are called in the order in which they were added', async () => {
      const { client, server } = await meeting.meet();
      const calls: string[] = [];
      client.on('message', () => calls.push('on 1'));
      client.addEventListener('message', () => calls.push('addEventListener'));
      client.onmessage = () => calls.push('onmessage');
      client.on('message', () => calls.push('on 2'));
      const arrived = nextMessage(client);
      server.send('to all');
      await arrived;
      expect(calls).toEqual(['on 1', 'addEventListener', 'onmessage', 'on 2']);
    });
  });

  describe('properties', () => {
    test('readyState goes from CONNECTING to OPEN, CLOSING and CLOSED, and no other way', async () => {
      const listener = meeting.serve();
      const client = meeting.dial();
      const states = [client.readyState as number];
      client.on('open', () => states.push(client.readyState));
      client.on('close', () => states.push(client.readyState));
      await new Promise((resolve) => client.once('open', resolve));
      client.close();
      states.push(client.readyState);
      await closed(client);
      listener.close();
      expect(states).toEqual([0, 1, 2, 3]);
    });

    test('the states have names on the class and on each connection', async () => {
      const { client, server } = await meeting.meet();
      const { WebSocket: Client } = meeting.pairing.client;
      for (const named of [Client, client, server]) {
        expect([named.CONNECTING, named.OPEN, named.CLOSING, named.CLOSED]).toEqual([0, 1, 2, 3]);
      }
    });

    test('url is that of the client, and undefined on a server', async () => {
      const { client, server } = await meeting.meet({ path: '/path?query=1' });
      expect(client.url).toBe(meeting.host.url('/path?query=1'));
      expect(server.url).toBe(undefined);
    });

    test('protocol and extensions are empty when nothing was chosen', async () => {
      const { client, server } = await meeting.meet();
      expect([client.protocol, server.protocol, client.extensions, server.extensions]).toEqual([
        '',
        '',
        '',
        '',
      ]);
    });

    test('isPaused is true between pause() and resume()', async () => {
      const { client } = await meeting.meet();
      expect(client.isPaused).toBe(false);
      client.pause();
      expect(client.isPaused).toBe(true);
      client.resume();
      expect(client.isPaused).toBe(false);
    });

    test('a new connection has the same properties as one of ws before it is open', () => {
      const client = meeting.dial();
      client.on('error', () => {});
      const { binaryType, bufferedAmount, extensions, isPaused, protocol, readyState } = client;
      expect({ binaryType, bufferedAmount, extensions, isPaused, protocol, readyState }).toEqual({
        binaryType: 'nodebuffer',
        bufferedAmount: 0,
        extensions: '',
        isPaused: false,
        protocol: '',
        readyState: 0,
      });
      expect([client.onopen, client.onmessage, client.onclose, client.onerror]).toEqual([
        null,
        null,
        null,
        null,
      ]);
    });
  });
});
