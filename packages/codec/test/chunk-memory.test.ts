// When a decoder frees the memory of a chunk that nothing else uses.
import { FrameDecoder } from '@framewire/codec';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { someBytes, toHex } from './support/hex.ts';
import { frame, received, roles } from './support/wire.ts';

/** Node 20 has no `transfer()`. */
const hasTransfer = 'transfer' in ArrayBuffer.prototype;

beforeAll(() => {
  if (hasTransfer) return;
  Object.defineProperty(ArrayBuffer.prototype, 'transfer', {
    configurable: true,
    value(this: ArrayBuffer) {
      return structuredClone(this, { transfer: [this] });
    },
  });
});
afterAll(() => {
  if (!hasTransfer) Reflect.deleteProperty(ArrayBuffer.prototype, 'transfer');
});

describe.each(roles)('as a %s, a chunk that nothing else uses', (role) => {
  const payload = someBytes(500);
  const wire = received(role, frame('82', payload));
  const halves = (): [Uint8Array, Uint8Array] => [wire.slice(0, 222), wire.slice(222)];

  test('is freed as soon as all its payloads have been copied', () => {
    const decoder = new FrameDecoder({ role });
    const [first, second] = halves();
    decoder.push(first, true);
    expect(decoder.next()).toBeUndefined();
    expect(first).toHaveLength(0);
    decoder.push(second, true);
    expect(toHex(decoder.next()!.payload)).toBe(toHex(payload));
    expect(decoder.next()).toBeUndefined();
    expect(second).toHaveLength(0);
  });

  test('is freed when the next one is read, if both were waiting', () => {
    const decoder = new FrameDecoder({ role });
    const [first, second] = halves();
    decoder.push(first, true);
    decoder.push(second, true);
    expect(toHex(decoder.next()!.payload)).toBe(toHex(payload));
    expect([first.length, second.length]).toEqual([0, wire.length - 222]);
  });

  test('is freed when its bytes break a rule', () => {
    const decoder = new FrameDecoder({ role });
    const wrong = received(role, frame('83', someBytes(3)));
    decoder.push(wrong, true);
    expect(() => decoder.next()).toThrow('Invalid WebSocket frame');
    expect(wrong).toHaveLength(0);
  });

  test('is kept while a payload is a view of it', () => {
    const decoder = new FrameDecoder({ role });
    const chunk = wire.slice();
    decoder.push(chunk, true);
    const { payload: view } = decoder.next()!;
    expect(decoder.next()).toBeUndefined();
    expect(toHex(view)).toBe(toHex(payload));
    expect(chunk).toHaveLength(wire.length);
  });
});

test('a chunk that others may use is never freed', () => {
  const decoder = new FrameDecoder({ role: 'client' });
  const chunk = received('client', frame('82', someBytes(500))).slice(0, 222);
  decoder.push(chunk);
  expect(decoder.next()).toBeUndefined();
  expect(chunk).toHaveLength(222);
});
