// A stream in memory delivers synchronously, and the peer may answer synchronously. So a send may happen inside another send. Messages
// must stay in order.
import { once } from 'node:events';
import { Socket } from 'node:net';
import { Duplex, duplexPair } from 'node:stream';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { readBytes, testCertificate } from '@framewire/testing';
import type { WebSocketConnection } from '@framewire/connection';
import {
  attach,
  closeOf,
  collect,
  distractedMaskMaker,
  end,
  hex,
  memoryPair,
  rawPair,
  uncaughtIn,
  type Pair,
} from './support/pairs.ts';

/** A stream that calls back before it delivers the bytes. */
class Hasty extends Duplex {
  peer!: Hasty;

  override _read(): void {
    // The peer pushes the data.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    done();
    this.peer.push(chunk);
  }

  override _final(done: () => void): void {
    this.peer.push(null);
    done();
  }
}

/** A socket whose data does not reach the kernel, like those of HTTP interceptors. */
class Intercepted extends Socket {
  peer!: Intercepted;

  override _read(): void {
    // The peer pushes the data.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.peer.push(chunk);
    done();
  }

  override _final(done: () => void): void {
    this.peer.push(null);
    done();
  }

  override _writev = undefined as never;
}

function crossed<T extends Duplex & { peer: T }>(one: T, other: T): [T, T] {
  one.peer = other;
  other.peer = one;
  return [one, other];
}

async function encrypted([near, far]: readonly [Duplex, Duplex]): Promise<[Duplex, Duplex]> {
  const { key, cert } = await testCertificate();
  const server = new TLSSocket(far, { isServer: true, key, cert });
  const client = connectTls({ socket: near, rejectUnauthorized: false });
  await once(client, 'secureConnect');
  return [client, server];
}

type MakeStreams = () => readonly [Duplex, Duplex] | Promise<[Duplex, Duplex]>;

const unencrypted: readonly (readonly [kind: string, make: MakeStreams])[] = [
  ['a stream in memory', () => duplexPair()],
  ['a stream that calls back first', () => crossed(new Hasty(), new Hasty())],
  ['a socket of another kind', () => crossed(new Intercepted(), new Intercepted())],
];

/** A pair whose server acts as soon as the client has received its first message. */
async function answeringPair(
  [near, far]: readonly [Duplex, Duplex],
  act: (server: WebSocketConnection) => void,
): Promise<Pair> {
  const pair = { client: attach(near, 'client'), server: attach(far, 'server') };
  // After this, both streams are flowing.
  pair.client.ping();
  await once(pair.client, 'pong');
  pair.client.once('message', () => {
    pair.client.send('heard');
  });
  pair.server.once('message', () => {
    act(pair.server);
  });
  return pair;
}

function reply(server: WebSocketConnection): void {
  server.send('reply');
}

/** Each is too short to be written alone. Together they are longer than one write. */
const MANY = Array.from({ length: 8 }, (_, i) => String(i).repeat(15_000));
const LARGE = 'x'.repeat(100_000);

describe.each([...unencrypted, ['TLS over a stream in memory', () => encrypted(duplexPair())]] as const)(
  'over %s, a reply that is sent while the turn is written',
  (_kind, make) => {
    test.each([
      ['more messages than one write takes', MANY],
      ['a large message', ['short', LARGE, 'short']],
      ['large bytes', ['short', Buffer.from(LARGE), 'short']],
      ['a blob', ['short', new Blob([LARGE]), 'short']],
    ])('comes after %s', async (_what, messages) => {
      const pair = await answeringPair(await make(), reply);
      const received = collect(pair.client);
      for (const message of messages) pair.server.send(message);
      const texts = await Promise.all(messages.map((message) => new Blob([message]).text()));
      expect(await received.until(messages.length + 1)).toEqual([...texts, 'reply']);
      await end(pair);
    });

    test('comes after frames that several connections share', async () => {
      const pair = await answeringPair(await make(), reply);
      const other = memoryPair();
      const received = collect(pair.client);
      for (const text of ['short', LARGE, 'last']) {
        other.server.send(text);
        pair.server.send(text);
      }
      pair.server.send(Buffer.from('own'));
      expect(await received.until(5)).toEqual(['short', LARGE, 'last', 'own', 'reply']);
      await end(pair);
      await end(other);
    });

    test.each([
      ['short', MANY],
      ['large', [LARGE, 'end']],
    ])('comes after a message in %s fragments', async (_what, fragments) => {
      const pair = await answeringPair(await make(), reply);
      const received = collect(pair.client);
      pair.server.send('short');
      for (const [index, fragment] of fragments.entries()) {
        pair.server.send(fragment, { fin: index === fragments.length - 1 });
      }
      expect(await received.until(3)).toEqual(['short', fragments.join(''), 'reply']);
      await end(pair);
    });

    test('comes after all messages, even if bufferedAmount is read before they are written', async () => {
      const pair = await answeringPair(await make(), reply);
      const received = collect(pair.client);
      for (const message of MANY) pair.server.send(message);
      expect(pair.server.bufferedAmount).toBeTypeOf('number');
      expect(await received.until(9)).toEqual([...MANY, 'reply']);
      await end(pair);
    });
  },
);

test.each([...unencrypted, ['TLS over a stream in memory', () => encrypted(duplexPair())]] as const)(
  'over %s, a second fragment is a continuation even if it answers a message that arrives while the first is written',
  async (_kind, make) => {
    const [near, far] = await make();
    const server = attach(far, 'server');
    server.once('message', () => server.send('end'));
    const length = LARGE.length + 10;
    const whole = new Promise<Buffer>((resolve) => {
      let bytes = Buffer.alloc(0);
      near.on('data', (chunk: Buffer) => {
        const isFirst = bytes.length === 0;
        bytes = Buffer.concat([bytes, chunk]);
        // A masked text of one byte.
        if (isFirst) near.write(hex('81 81 00000000 61'));
        if (bytes.length >= length + 5) resolve(bytes);
      });
    });
    server.send(LARGE, { fin: false });
    const bytes = await whole;
    expect(bytes.subarray(0, 2)).toEqual(hex('01 7f'));
    expect(bytes.subarray(length)).toEqual(hex('80 03 656e64'));
    server.terminate();
    await closeOf(server);
  },
);

// Without TLS, because Node does not end TLS over a stream in memory.
describe.each(unencrypted)('over %s, a close while the turn is written', (_kind, make) => {
  test.each([
    ['more messages than one write takes', MANY],
    ['a large message', ['short', LARGE]],
  ])('comes after %s', async (_what, messages) => {
    const pair = await answeringPair(await make(), (server) => {
      server.close(1000);
    });
    const received = collect(pair.client);
    const outcomes: unknown[] = [];
    for (const message of messages) pair.server.send(message, (error) => outcomes.push(error));
    expect(await closeOf(pair.client)).toEqual([1000, '']);
    expect(received.messages).toEqual(messages);
    expect(outcomes).toEqual(messages.map(() => undefined));
  });
});

test('a reply is not lost if the last message before it is long, and is sent outside of a turn of its connection', async () => {
  const [near, far] = await encrypted(crossed(new Hasty(), new Hasty()));
  const pair = await answeringPair([near, far], reply);
  const received = collect(pair.client);
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  pair.server.send(LARGE);
  expect(await received.until(2)).toEqual([LARGE, 'reply']);
  await end(pair);
});

test('an exception of a listener does not end the connection of the peer, which may be in its send()', async () => {
  for (const message of ['short', LARGE]) {
    const pair = { ...memoryPair() };
    pair.server.on('message', () => {
      throw new Error('mine');
    });
    const outcomes: unknown[] = [];
    const errors = await uncaughtIn(async () => {
      pair.client.send(message, (error) => outcomes.push(error));
      pair.client.ping();
      await once(pair.client, 'pong');
    });
    expect([errors, outcomes]).toEqual([['Error: mine'], [undefined]]);
    await end(pair);
  }
});

test('a message that a relay sends while a long shared text is written is not lost', async () => {
  const [near, far] = crossed(new Intercepted(), new Intercepted());
  const pair = { client: attach(near, 'client'), server: attach(far, 'server') };
  const other = memoryPair();
  const received = collect(pair.client);
  other.server.send('reply');
  other.server.send(LARGE);
  pair.client.once('message', () => {
    pair.server.send('reply');
  });
  pair.server.send(LARGE);
  pair.server.send(Buffer.from('own'));
  expect(await received.until(3)).toEqual([LARGE, 'own', 'reply']);
  await end(pair);
  await end(other);
});

test('a long message has the bytes that it had at the call, even if a listener changes them later', async () => {
  const pair = memoryPair();
  const message = once(pair.client, 'message') as Promise<[Buffer]>;
  const bytes = Buffer.from(LARGE);
  pair.server.send(bytes);
  bytes.fill('y');
  const [received] = await message;
  expect(received.toString()).toBe(LARGE);
  await end(pair);
});

test('what generateMask sends comes before the message to mask, even if other connections send the same message', async () => {
  const other = memoryPair();
  const { connection, peer } = await rawPair('client', {
    generateMask: distractedMaskMaker(() => {
      connection.send('shared', { mask: false });
    }),
  });
  other.server.send('shared');
  connection.send('own');
  expect(await readBytes(peer, 17)).toEqual(hex('81 06 736861726564 81 83 00000000 6f776e'));
  connection.terminate();
  await closeOf(connection);
  await end(other);
});

test('what generateMask sends comes before the message to mask, even if the message has a second fragment', async () => {
  const { connection, peer } = await rawPair('client', {
    generateMask: distractedMaskMaker(() => {
      connection.send('in');
    }),
  });
  connection.send('a', { fin: false });
  connection.send('b');
  expect(await readBytes(peer, 22)).toEqual(hex('81 82 00000000 696e 01 81 00000000 61 80 81 00000000 62'));
  connection.terminate();
  await closeOf(connection);
});
