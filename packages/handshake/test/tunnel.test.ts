// Joined streams: which ends and errors pass through, and what remains.
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import { headerFields, tunnel, type TunnelOptions } from '@framewire/handshake';
import { afterEach, describe, expect, test } from 'vitest';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Tunnel {
  /** The streams of the peers. */
  readonly client: Duplex;
  readonly backend: Duplex;
  /** The streams that the tunnel joins. */
  readonly ends: readonly [Duplex, Duplex];
}

/** A tunnel between streams in memory. */
function inMemory(options?: TunnelOptions, before: (ends: [Duplex, Duplex]) => void = () => {}): Tunnel {
  const [client, near] = duplexPair({ allowHalfOpen: true });
  const [backend, far] = duplexPair({ allowHalfOpen: true });
  for (const peer of [client, backend]) peer.on('error', () => {});
  before([near, far]);
  tunnel(near, far, options);
  return { client, backend, ends: [near, far] };
}

/** The two ends of a TCP connection. */
async function pair(): Promise<[net.Socket, net.Socket]> {
  const server = net.createServer({ allowHalfOpen: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const one = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [[other]] = await Promise.all([accepted, once(one, 'connect')]);
  server.close();
  closers.push(() => [one, other].forEach((socket) => socket.destroy()));
  return [one, other];
}

/** A tunnel between TCP connections. */
async function overTcp(): Promise<Tunnel & { readonly ends: readonly [net.Socket, net.Socket] }> {
  const [[client, near], [backend, far]] = await Promise.all([pair(), pair()]);
  for (const peer of [client, backend]) peer.on('error', () => {});
  tunnel(near, far);
  return { client, backend, ends: [near, far] };
}

function closed(streams: readonly Duplex[]): Promise<unknown> {
  return Promise.all(
    streams
      .filter((stream) => !stream.closed)
      .map((stream) => new Promise((resolve) => stream.once('close', resolve))),
  );
}

/** Reads a stream to its end. `for await` would destroy it then. */
async function textOf(stream: Duplex): Promise<string> {
  let text = '';
  stream.on('data', (chunk) => (text += String(chunk)));
  await once(stream, 'end');
  return text;
}

describe('a tunnel', () => {
  test('carries bytes in both directions, in memory and over TCP', async () => {
    for (const { client, backend } of [inMemory(), await overTcp()]) {
      client.write('ping');
      expect(String((await once(backend, 'data'))[0])).toBe('ping');
      backend.write('pong');
      expect(String((await once(client, 'data'))[0])).toBe('pong');
    }
  });

  test('first carries bytes that were put back before the call', async () => {
    const { backend, client } = inMemory({}, ([near]) => near.unshift(Buffer.from('early ')));
    client.end('late');
    expect(await textOf(backend)).toBe('early late');
  });

  test('closes one direction and leaves the other open until both have ended', async () => {
    const { client, backend, ends } = await overTcp();
    client.end('last words');
    expect(await textOf(backend)).toBe('last words');
    backend.end('still here');
    expect(await textOf(client)).toBe('still here');
    await closed(ends);
  });

  test('forwards an end that came before the call', async () => {
    const [client, near] = duplexPair({ allowHalfOpen: true });
    const [backend, far] = duplexPair({ allowHalfOpen: true });
    client.end();
    await once(near.resume(), 'end');
    tunnel(near, far);
    expect(await textOf(backend)).toBe('');
    backend.end('still here');
    expect(await textOf(client)).toBe('still here');
    await closed([near, far]);
  });

  test.each([0, 1])('closes both sides when one resets (%i), without an error event', async (index) => {
    const { client, backend, ends } = await overTcp();
    const [broken, other] = index === 0 ? [client, backend] : [backend, client];
    const ended = once(other.resume(), 'end');
    (broken as net.Socket).resetAndDestroy();
    await Promise.all([closed(ends), ended]);
  });

  test.each([0, 1])('destroys the other stream if one is already destroyed (%i)', async (index) => {
    const { ends } = inMemory({}, (pair) => pair[index]?.destroy());
    await closed(ends);
  });

  test.each([0, 1])('destroys the other stream if one was closed long before (%i)', async (index) => {
    const streams = [...(await pair()).slice(0, 1), ...(await pair()).slice(0, 1)] as [
      net.Socket,
      net.Socket,
    ];
    const dead = streams[index] as net.Socket;
    dead.destroy();
    await once(dead, 'close');
    tunnel(...streams);
    await closed(streams);
  });

  test.each([0, 1])('is cut if the other direction does not end in time (%i)', async (index) => {
    const { client, backend, ends } = inMemory({ halfCloseTimeout: 20 });
    const [first, second] = index === 0 ? [client, backend] : [backend, client];
    first.end();
    await once(second.resume(), 'end');
    await closed(ends);
  });

  test('stays half-open with halfCloseTimeout: 0', async () => {
    const { client, backend, ends } = inMemory({ halfCloseTimeout: 0 });
    client.resume().end();
    await once(backend.resume(), 'end');
    expect(ends.map(({ destroyed }) => destroyed)).toEqual([false, false]);
    backend.end();
    await closed(ends);
  });

  test('clears its timer', async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const { client, backend, ends } = inMemory();
    client.resume().end();
    await once(backend.resume(), 'end');
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before + 1);
    backend.end();
    await closed(ends);
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before);
  });
});

test('the fields of rawHeaders are its names with their values, in order', () => {
  expect(headerFields(['Host', 'a', 'X-A', '1', 'x-a', '2'])).toEqual([
    ['Host', 'a'],
    ['X-A', '1'],
    ['x-a', '2'],
  ]);
  expect(headerFields([])).toEqual([]);
});
