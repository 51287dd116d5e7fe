import { describe, expect, test, vi } from 'vitest';
import {
  CloseEvent,
  ErrorEvent,
  Event,
  MessageEvent,
  WebSocketConnection,
  type DomEventType,
} from '@framewire/connection';
import { closeOf, collect, end, memoryPair } from './support/pairs.ts';

describe('DOM listeners', () => {
  test('get text as a string, and bytes as binaryType says', async () => {
    const pair = memoryPair();
    const data: unknown[] = [];
    pair.server.onmessage = (event) => data.push(event.data);
    pair.client.send('text');
    pair.client.send(Buffer.from('bytes'));
    await collect(pair.server).until(2);
    expect(data).toEqual(['text', Buffer.from('bytes')]);
    await end(pair);
  });

  test('get the code, reason and wasClean of a close', async () => {
    const pair = memoryPair();
    const closed = new Promise<CloseEvent>((resolve) => {
      pair.server.onclose = resolve;
    });
    pair.client.close(4000, 'done');
    const event = await closed;
    expect([event.type, event.code, event.reason, event.wasClean, event.target]).toEqual([
      'close',
      4000,
      'done',
      true,
      pair.server,
    ]);
  });

  test('get the error and its message', () => {
    const connection = new WebSocketConnection();
    const listener = vi.fn();
    connection.onerror = listener;
    const error = new Error('what went wrong');
    connection.emit('error', error);
    const event = listener.mock.calls[0]![0] as ErrorEvent;
    expect(event).toBeInstanceOf(ErrorEvent);
    expect([event.type, event.error, event.message]).toEqual(['error', error, 'what went wrong']);
  });

  test('are called when the connection opens', () => {
    const connection = new WebSocketConnection();
    const listener = vi.fn();
    connection.addEventListener('open', listener);
    connection.emit('open');
    const event = listener.mock.calls[0]![0] as Event;
    expect([event.type, event.target, event instanceof Event]).toEqual(['open', connection, true]);
  });

  test('are called with the connection as this; a handleEvent() method with its own object', () => {
    const connection = new WebSocketConnection();
    const receivers: unknown[] = [];
    const object = {
      handleEvent() {
        receivers.push(this);
      },
    };
    connection.addEventListener('open', function () {
      receivers.push(this);
    });
    connection.addEventListener('open', object);
    connection.emit('open');
    expect(receivers).toEqual([connection, object]);
  });

  test('are added only once, and not called after they are removed', () => {
    const connection = new WebSocketConnection();
    const listener = vi.fn();
    connection.addEventListener('open', listener);
    connection.addEventListener('open', listener);
    connection.emit('open');
    expect(listener).toHaveBeenCalledTimes(1);
    connection.removeEventListener('open', listener);
    connection.removeEventListener('open', listener);
    connection.emit('open');
    expect(listener).toHaveBeenCalledTimes(1);
  });

  test('are called once with the option once', () => {
    const connection = new WebSocketConnection();
    const listener = vi.fn();
    connection.addEventListener('open', listener, { once: true });
    connection.emit('open');
    connection.emit('open');
    expect(listener).toHaveBeenCalledTimes(1);
  });

  test('are ignored for other types', () => {
    const connection = new WebSocketConnection();
    for (const type of ['ping', 'constructor']) {
      connection.addEventListener(type as DomEventType, () => undefined);
      expect(connection.listenerCount(type)).toBe(0);
    }
  });
});

describe('the attributes onopen, onmessage, onerror and onclose', () => {
  test.each(['onopen', 'onmessage', 'onerror', 'onclose'] as const)(
    '%s has one listener, in addition to others',
    (name) => {
      const connection = new WebSocketConnection();
      const type = name.slice(2) as DomEventType;
      const [first, second, other] = [vi.fn(), vi.fn(), vi.fn()];
      connection.addEventListener(type, other);
      expect(connection[name]).toBeNull();
      connection[name] = first;
      connection[name] = second;
      expect(connection[name]).toBe(second);
      (connection as { emit: (type: string, ...args: unknown[]) => void }).emit(
        type,
        Buffer.from('x'),
        Buffer.from('y'),
      );
      expect([first, second, other].map((listener) => listener.mock.calls.length)).toEqual([0, 1, 1]);
      connection[name] = null;
      expect(connection[name]).toBeNull();
      expect(connection.listenerCount(type)).toBe(1);
    },
  );

  test('are not affected by removeEventListener, and may have a listener that was already added', () => {
    const connection = new WebSocketConnection();
    const listener = vi.fn();
    connection.onopen = listener;
    connection.addEventListener('open', listener);
    connection.removeEventListener('open', listener);
    connection.emit('open');
    expect(listener).toHaveBeenCalledTimes(1);
    expect(connection.onopen).toBe(listener);
  });

  test('accept only functions', () => {
    const connection = new WebSocketConnection();
    connection.onopen = {} as never;
    expect(connection.onopen).toBeNull();
  });
});

test('the states and properties of a connection are enumerable, as in the DOM', async () => {
  const pair = memoryPair();
  const { CONNECTING, OPEN, CLOSING, CLOSED } = WebSocketConnection;
  expect([CONNECTING, OPEN, CLOSING, CLOSED]).toEqual([0, 1, 2, 3]);
  expect([pair.client.CONNECTING, pair.client.OPEN, pair.client.CLOSING, pair.client.CLOSED]).toEqual([
    0, 1, 2, 3,
  ]);
  const names = [];
  for (const name in pair.client) names.push(name);
  expect(names).toEqual(
    expect.arrayContaining(['binaryType', 'bufferedAmount', 'onmessage', 'OPEN', 'protocol', 'readyState']),
  );
  const states = [new WebSocketConnection().readyState, pair.client.readyState];
  const closed = closeOf(pair.client);
  pair.client.close();
  states.push(pair.client.readyState);
  await closed;
  expect([...states, pair.client.readyState]).toEqual([0, 1, 2, 3]);
});

test('events are created from a type and a dictionary, as in the DOM, without a target', () => {
  const event = new MessageEvent('message', { data: 'data' });
  expect([event.type, event.target, event.data]).toEqual(['message', null, 'data']);
  const close = new CloseEvent('close', { code: 1000, reason: 'why', wasClean: true });
  expect([close.code, close.reason, close.wasClean]).toEqual([1000, 'why', true]);
  const error = new ErrorEvent('error', { error: 1, message: 'text' });
  expect([error.error, error.message]).toEqual([1, 'text']);
});

test('events that are created from only a type have the defaults of the DOM', () => {
  const close = new CloseEvent('close');
  const error = new ErrorEvent('error');
  expect([close.code, close.reason, close.wasClean]).toEqual([0, '', false]);
  expect([error.error, error.message, new MessageEvent('message').data]).toEqual([null, '', null]);
});
