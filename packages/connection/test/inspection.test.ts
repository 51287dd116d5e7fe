// What `console.log()` and `util.inspect()` show of events and connections.
import { inspect } from 'node:util';
import { CloseEvent, ErrorEvent, Event, MessageEvent, WebSocketConnection } from '@framewire/connection';
import { describe, expect, test } from 'vitest';
import { end, memoryPair } from './support/pairs.ts';

describe('an event', () => {
  test.each([
    [new Event('open'), "Event { type: 'open' }"],
    [
      new CloseEvent('close', { code: 1001, reason: 'bye', wasClean: true }),
      "CloseEvent { type: 'close', code: 1001, reason: 'bye', wasClean: true }",
    ],
    [new MessageEvent('message', { data: 'text' }), "MessageEvent { type: 'message', data: 'text' }"],
  ])('shows its properties: %s', (event, shown) => {
    expect(inspect(event)).toBe(shown);
    expect(inspect(new Proxy(event, {}))).toBe(shown);
  });

  test('of an error shows the message and the error with its code', () => {
    const error = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const shown = inspect(new ErrorEvent('error', { error, message: error.message }));
    expect(shown).toMatch(/^ErrorEvent \{\s+type: 'error',\s+message: 'refused',\s+error: Error: refused\n/);
    expect(shown).toContain("code: 'ECONNREFUSED'");
  });

  test('shows properties that a program has added, but only its class when it is nested too deep', () => {
    const event = Object.assign(new CloseEvent('close'), { room: 'lobby' });
    expect(inspect(event)).toContain("room: 'lobby'");
    expect(inspect({ a: { b: event } }, { depth: 1 })).toBe('{ a: { b: [CloseEvent] } }');
  });
});

describe('a connection', () => {
  test('shows its state, and properties that a program has added', async () => {
    const pair = memoryPair();
    expect(inspect(Object.assign(pair.client, { room: 'lobby' }), { breakLength: Infinity })).toBe(
      "WebSocketConnection { readyState: 1, protocol: '', extensions: '', binaryType: 'nodebuffer', isPaused: false, bufferedAmount: 0, room: 'lobby' }",
    );
    await end(pair);
  });

  test('is not shown inside its events', async () => {
    const pair = memoryPair();
    const shown = new Promise<string>((resolve) => {
      pair.server.onmessage = (event) => {
        resolve(inspect(event));
      };
    });
    pair.client.send('text');
    expect(await shown).toBe("MessageEvent { type: 'message', data: 'text' }");
    await end(pair);
  });
});

test('an object that no constructor has made can be shown', () => {
  const made = Object.create(WebSocketConnection.prototype) as WebSocketConnection;
  expect(inspect(made)).toContain('readyState: undefined');
  expect([made.protocol, made.bufferedAmount, made.binaryType]).toEqual(['', 0, 'nodebuffer']);
});
