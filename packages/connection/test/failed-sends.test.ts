// Sends that fail: no earlier or later message is lost, and each callback gets the outcome of its send.
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { WebSocketConnection } from '@framewire/connection';
import { Inverting } from './support/inverting.ts';
import { attach, closeOf, collect, end, memoryPair, rawPair, readAll, tcpPair } from './support/pairs.ts';

const NO_MEMORY = 'Array buffer allocation failed';
/** The size of a new slab, which is allocated when the current one has no room left, in bytes. */
const SLAB = 64 * 1024;

/** Makes allocations of this size, and of this size plus a header, fail until the returned function is called. */
function refuseMemory(bytes: number): () => void {
  const { allocUnsafeSlow } = Buffer;
  const refusing = vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation((size) => {
    if (size >= bytes && size <= bytes + 14) throw new RangeError(NO_MEMORY);
    return allocUnsafeSlow(size);
  });
  const grant = (): void => {
    refusing.mockRestore();
  };
  onTestFinished(grant);
  return grant;
}

/** Records the outcomes of sends. */
function outcomes(): { readonly lines: string[]; readonly of: (name: string) => (error?: Error) => void } {
  const lines: string[] = [];
  return { lines, of: (name) => (error) => lines.push(`${name}: ${String(error)}`) };
}

describe('an allocation that fails', () => {
  test('fails only its own send, and no earlier or later one', async () => {
    const pair = await tcpPair();
    const received = collect(pair.client);
    const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(15_000));
    const grant = refuseMemory(SLAB);
    let sent = 0;
    expect(() => {
      for (; sent < texts.length; sent++) pair.server.send(texts[sent] as string);
    }).toThrow(NO_MEMORY);
    grant();
    pair.server.send('after');
    await received.until(sent + 1);
    // When the pong arrives, everything that was written has arrived, including messages that were written twice by mistake.
    pair.server.ping();
    await once(pair.server, 'pong');
    expect(received.messages).toEqual([...texts.slice(0, sent), 'after']);
    await end(pair);
  });

  test('does not fail frames that several connections share', async () => {
    const [one, other] = [await tcpPair(), await tcpPair()];
    const received = collect(other.client);
    const text = 'x'.repeat(10_000);
    one.server.send(text);
    other.server.send(text);
    // Now the rest of the slab is too short for the text.
    for (let i = 0; i < 3; i++) one.server.send(Buffer.alloc(15_400));
    const grant = refuseMemory(SLAB);
    expect(() => {
      other.server.send(Buffer.alloc(16_000));
    }).toThrow(NO_MEMORY);
    grant();
    other.server.send('after');
    expect(await received.until(2)).toEqual([text, 'after']);
    await end(one);
    await end(other);
  });

  test('for a long text that several connections share fails only its own send', async () => {
    const [one, other] = [await tcpPair(), await tcpPair()];
    const received = collect(other.client);
    const { lines, of } = outcomes();
    const text = 'x'.repeat(300_000);
    for (const { server } of [one, other]) server.send('before', of('before'));
    one.server.send(text);
    const grant = refuseMemory(text.length);
    expect(() => {
      other.server.send(text, of('long'));
    }).toThrow(NO_MEMORY);
    grant();
    other.server.send('after', of('after'));
    expect(await received.until(2)).toEqual(['before', 'after']);
    await vi.waitFor(() => {
      expect(lines).toEqual(['before', 'before', 'after'].map((name) => `${name}: undefined`));
    });
    await end(one);
    await end(other);
  });

  test('at the end of the turn ends its connection, calls the callback with the error, and does not affect other connections', async () => {
    const [starved, sound] = [memoryPair(), await tcpPair()];
    const received = collect(sound.client);
    const { lines, of } = outcomes();
    starved.server.send('lost', of('lost'));
    sound.server.send('kept', of('kept'));
    process.nextTick(refuseMemory('lost'.length));
    expect((await closeOf(starved.server))[0]).toBe(1006);
    sound.server.send('later', of('later'));
    expect(await received.until(2)).toEqual(['kept', 'later']);
    await vi.waitFor(() => {
      expect(lines).toEqual([`lost: RangeError: ${NO_MEMORY}`, 'kept: undefined', 'later: undefined']);
    });
    await end(starved);
    await end(sound);
  });

  test('for a send that had to wait ends the connection, and the callbacks of later sends get an error', async () => {
    const pair = await tcpPair();
    const { lines, of } = outcomes();
    const error = once(pair.server, 'error');
    pair.server.send(new Blob(['one']), of('one'));
    pair.server.send('x'.repeat(3_000_000), of('two'));
    pair.server.send('three', of('three'));
    refuseMemory(3_000_000);
    expect(String((await error)[0])).toContain(NO_MEMORY);
    await closeOf(pair.server);
    expect(lines.map((line) => line.split(':')[0])).toEqual(['two', 'three', 'one']);
    expect(lines[0]).toBe(`two: RangeError: ${NO_MEMORY}`);
    await end(pair);
  });
});

describe('a generateMask that throws', () => {
  /** Returns a generateMask with keys of zeros that throws at the call with this number. */
  function failing(at: number): (mask: Buffer) => void {
    let made = 0;
    return (mask) => {
      mask.fill(0);
      if (++made === at) throw new Error('no key');
    };
  }

  test('throws from send(), and the next send is a message of its own', async () => {
    const pair = await tcpPair({ client: { generateMask: failing(1) } });
    const received = collect(pair.server);
    expect(() => {
      pair.client.send('part', { fin: false });
    }).toThrow('no key');
    pair.client.send('whole');
    expect(await received.until(1)).toEqual(['whole']);
    await end(pair);
  });

  test.each([
    ['a message that an extension would compress', () => 'text'],
    ['a blob', () => new Blob(['late'])],
  ])('throws from send() for %s, before it is compressed', async (_what, data) => {
    const extensions = { client: new Inverting(), server: new Inverting() };
    const pair = await tcpPair({
      client: { generateMask: failing(2), extension: extensions.client },
      server: { extension: extensions.server },
    });
    const received = collect(pair.server);
    pair.client.send(new Blob(['early']));
    expect(() => {
      pair.client.send(data());
    }).toThrow('no key');
    pair.client.send('next');
    expect(await received.until(2)).toEqual(['early', 'next']);
    await end(pair);
  });
});

test.each([
  ['a message', (server: WebSocketConnection) => server.send('after')],
  ['a close', (server: WebSocketConnection) => server.close()],
])('a message that fails later, with %s after it, does not affect earlier messages', async (_what, act) => {
  const pair = await tcpPair();
  pair.client.pause();
  const { lines, of } = outcomes();
  const blob = new Blob(['x']);
  blob.arrayBuffer = () => Promise.reject(new Error('gone'));
  const error = once(pair.server, 'error');
  // More than the kernel accepts.
  const length = 40 << 20;
  pair.server.send(Buffer.alloc(length), of('before'));
  pair.server.send(blob, of('blob'));
  act(pair.server);
  expect(String((await error)[0])).toBe('Error: gone');
  const message = once(pair.client, 'message') as Promise<[Buffer]>;
  const closed = closeOf(pair.client);
  pair.client.resume();
  expect((await message)[0]).toHaveLength(length);
  expect((await closed)[0]).toBe(1006);
  expect(lines).toEqual(['blob: Error: gone', 'before: undefined']);
});

test('a blob that is read after the peer has ended its side does not affect earlier messages', async () => {
  const { connection, peer } = await rawPair('server');
  const { lines, of } = outcomes();
  const blob = new Blob(['late']);
  let give = (_bytes: ArrayBuffer): void => {};
  blob.arrayBuffer = () => new Promise((resolve) => (give = resolve));
  // More than the kernel accepts.
  const length = 40 << 20;
  connection.send(Buffer.alloc(length), of('before'));
  connection.send(blob, of('blob'));
  const closed = closeOf(connection);
  peer.end();
  while (connection.readyState === connection.OPEN) await new Promise((resolve) => setImmediate(resolve));
  give(new ArrayBuffer(4));
  expect((await readAll(peer)).length).toBeGreaterThan(length);
  await closed;
  expect(lines).toEqual(['before: undefined', expect.stringMatching(/^blob: Error: .* closed before/)]);
});

test('a connection still closes after closeTimeout if its close frame cannot be masked', async () => {
  const { connection, peer } = await rawPair('client', {
    closeTimeout: 5,
    generateMask: () => {
      throw new Error('no key');
    },
  });
  expect(() => {
    connection.close();
  }).toThrow('no key');
  expect((await closeOf(connection))[0]).toBe(1006);
  peer.destroy();
});

describe('a stream that throws', () => {
  const broken = (): Duplex =>
    new Duplex({
      read: () => undefined,
      write: () => {
        throw new Error('broken');
      },
    });

  test.each([
    ['a short text', ['short']],
    ['more messages than one write takes', Array.from({ length: 8 }, () => 'x'.repeat(15_000))],
    ['a large text', ['x'.repeat(100_000)]],
    ['large bytes', [Buffer.alloc(100_000)]],
  ])('for %s ends its connection and calls each callback with an error', async (_what, messages) => {
    const connection = attach(broken(), 'server');
    const { lines, of } = outcomes();
    for (const message of messages) connection.send(message, of('sent'));
    expect((await closeOf(connection))[0]).toBe(1006);
    expect(lines).toEqual(messages.map(() => 'sent: Error: broken'));
  });

  test('from the replaced write() of a socket ends its connection too, for a long message', async () => {
    const { connection, socket, peer } = await rawPair('server');
    socket.write = () => {
      throw new Error('broken');
    };
    const { lines, of } = outcomes();
    connection.send(Buffer.alloc(100_000), of('sent'));
    expect((await closeOf(connection))[0]).toBe(1006);
    expect(lines).toEqual(['sent: Error: broken']);
    peer.destroy();
  });
});

test('a callback is called once if the stream calls back and then throws', async () => {
  const stream = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      done();
      throw new Error('broken');
    },
  });
  const connection = attach(stream, 'server');
  const { lines, of } = outcomes();
  connection.send('short', of('short'));
  connection.send('x'.repeat(100_000), of('large'));
  await closeOf(connection);
  await new Promise(setImmediate);
  expect(lines.map((line) => line.split(':')[0])).toEqual(['short', 'large']);
});

test.each([
  ['a short text', 'short'],
  ['a large text', 'x'.repeat(100_000)],
  ['large bytes', Buffer.alloc(100_000)],
])('the callback of %s is called with undefined after success', async (_what, message) => {
  const pair = await tcpPair();
  pair.client.resume();
  expect(
    await new Promise((resolve) => {
      pair.server.send(message, (...outcome) => {
        resolve(outcome);
      });
    }),
  ).toEqual([undefined]);
  await end(pair);
});

test('the error of a send after close() comes after the callbacks of earlier sends', async () => {
  const pair = await tcpPair();
  const { lines, of } = outcomes();
  pair.server.send('in time', of('in time'));
  pair.server.close();
  pair.server.send('late', of('late'));
  await closeOf(pair.server);
  expect(lines).toEqual(['in time: undefined', 'late: Error: WebSocket is not open: readyState 2 (CLOSING)']);
  await end(pair);
});
