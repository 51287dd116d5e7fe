// The classic examples, each as a process, with real clients.
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { once } from 'node:events';
import { requirement } from '@framewire/testing';
import { describe, expect, test } from 'vitest';
import { Example } from '../src/example.ts';
import { Talker } from '../src/talker.ts';

/** Returns a number after it has not changed for a second. */
async function settled(measure: () => number): Promise<number> {
  let last = Number.NaN;
  for (let unchanged = 0; unchanged < 10; unchanged = measure() === last ? unchanged + 1 : 0) {
    last = measure();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return last;
}

describe('text-and-binary', () => {
  test.each(['framewire', 'ws'] as const)(
    'answers text with text and bytes with bytes, to the client of %s',
    async (client) => {
      const [, url] = await Example.serve('text-and-binary');
      const talker = await Talker.connect(url, {}, client);
      talker.ws.send('grüße');
      expect(await talker.next()).toBe('GRÜSSE');
      const bytes = Buffer.from('000102ff', 'hex');
      talker.ws.send(bytes);
      expect(await talker.next()).toEqual(createHash('sha256').update(bytes).digest());
    },
  );

  test('has a client that prints both answers and exits', async () => {
    const [, url] = await Example.serve('text-and-binary');
    const client = Example.start('text-and-binary', { program: 'client.js', args: [url] });
    expect(await client.exitCode()).toBe(0);
    expect(client.output).toBe(
      `text: GRÜSSE\nbytes: ${createHash('sha256')
        .update(new Uint8Array([1, 2, 3]))
        .digest('hex')}\n`,
    );
  });

  test('has a client that reports a missing server', async () => {
    const client = Example.start('text-and-binary', { program: 'client.js', args: ['ws://127.0.0.1:1'] });
    expect(await client.exitCode()).toBe(1);
    expect(client.output).toContain('ECONNREFUSED');
  });
});

describe('simple-server', () => {
  test('greets, echoes, and reports each client that leaves', async () => {
    const [example, url] = await Example.serve('simple-server');
    const talker = await Talker.connect(url);
    expect(await talker.next()).toBe('welcome');
    talker.ws.send('hello');
    expect(await talker.next()).toBe('hello');
    talker.ws.close(1000);
    expect(await talker.closed).toEqual([1000, '']);
    await example.printed(/^a client left with code 1000, 0 connected$/m);
  });

  test('reports an error that a client causes, and continues', async () => {
    const [example, url] = await Example.serve('simple-server');
    const talker = await Talker.connect(url, { maxPayload: 0 });
    talker.ws.send(Buffer.alloc(64 * 1024 + 1));
    expect((await talker.closed)[0]).toBe(1009);
    await example.printed(/^Max payload size exceeded$/m);
    const next = await Talker.connect(url);
    expect(await next.next()).toBe('welcome');
  });

  test('stops reading from a client that does not read, and loses nothing', async () => {
    const [, url] = await Example.serve('simple-server');
    const talker = await Talker.connect(url);
    expect(await talker.next()).toBe('welcome');
    talker.ws.pause();
    const message = Buffer.alloc(64 * 1024, 'x');
    const count = 1024;
    for (let i = 0; i < count; i++) talker.ws.send(message);
    // These are more bytes than the socket buffers hold. The rest stays in the client after the server has stopped reading.
    expect(await settled(() => talker.ws.bufferedAmount)).toBeGreaterThan(0);
    talker.ws.resume();
    for (let i = 0; i < count; i++) expect((await talker.next()).length).toBe(message.length);
  });
});

describe('several-servers', () => {
  test('routes each path to its server', async () => {
    const [, url] = await Example.serve('several-servers');
    const echo = await Talker.connect(`${url}/echo?a=b`);
    echo.ws.send('hello');
    expect(await echo.next()).toBe('hello');
    const time = await Talker.connect(`${url}/time`);
    expect(await time.next()).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(await time.closed).toEqual([1000, '']);
  });

  test('answers other paths with 404', async () => {
    const [, url] = await Example.serve('several-servers');
    await expect(Talker.connect(`${url}/other`)).rejects.toThrow('Unexpected server response: 404');
  });

  test('still serves pages', async () => {
    const [, url] = await Example.serve('several-servers');
    const response = await fetch(url.replace('ws:', 'http:'));
    expect(await response.text()).toBe('a page\n');
  });
});

describe('client-authentication', () => {
  test.each([
    ['Bearer alice-token', 'hello, alice'],
    ['Bearer bob-token', 'hello, bob'],
  ])('accepts %s, and greets its user by name', async (authorization, greeting) => {
    const [, url] = await Example.serve('client-authentication');
    const talker = await Talker.connect(url, { headers: { authorization } });
    expect(await talker.next()).toBe(greeting);
  });

  test.each([[undefined], ['Bearer other'], ['Basic YWxpY2U6'], ['Bearer']])(
    'refuses %s with 401',
    async (given) => {
      const [, url] = await Example.serve('client-authentication');
      const headers: Record<string, string> = given === undefined ? {} : { authorization: given };
      await expect(Talker.connect(url, { headers })).rejects.toThrow('Unexpected server response: 401');
    },
  );

  test('keeps running when a client disconnects during the handshake', async () => {
    const [, url] = await Example.serve('client-authentication');
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      [
        'GET / HTTP/1.1',
        'Host: localhost',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Authorization: Bearer alice-token',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version: 13',
        '',
        '',
      ].join('\r\n'),
      () => socket.resetAndDestroy(),
    );
    await once(socket, 'close');
    const talker = await Talker.connect(url, { headers: { authorization: 'Bearer bob-token' } });
    expect(await talker.next()).toBe('hello, bob');
  });
});

describe('broadcast', () => {
  test('sends to all, including the sender', async () => {
    const [, url] = await Example.serve('broadcast');
    const all = await Promise.all([1, 2, 3].map(() => Talker.connect(`${url}/all`)));
    all[0]!.ws.send('to all');
    for (const talker of all) expect(await talker.next()).toBe('to all');
    all[1]!.ws.send(Buffer.from('ff00', 'hex'));
    for (const talker of all) expect(await talker.next()).toEqual(Buffer.from('ff00', 'hex'));
  });

  test('sends to all others', async () => {
    const [, url] = await Example.serve('broadcast');
    const [first, second, third] = await Promise.all([1, 2, 3].map(() => Talker.connect(`${url}/others`)));
    first!.ws.send('from the first');
    expect(await second!.next()).toBe('from the first');
    expect(await third!.next()).toBe('from the first');
    second!.ws.send('from the second');
    // If the first client had received its own message, that would be the next one.
    expect(await first!.next()).toBe('from the second');
    expect(await third!.next()).toBe('from the second');
  });

  test('disconnects a client that does not keep up, and serves the others', async () => {
    const [, url] = await Example.serve('broadcast');
    const slow = await Talker.connect(`${url}/others`);
    const reader = await Talker.connect(`${url}/others`);
    const writer = await Talker.connect(`${url}/others`);
    slow.ws.pause();
    const message = Buffer.alloc(1024 * 1024, 'x');
    const count = 32;
    for (let i = 0; i < count; i++) {
      writer.ws.send(message);
      expect((await reader.next()).length).toBe(message.length);
    }
    slow.ws.resume();
    expect((await slow.closed)[0]).toBe(1006);
  });
});

describe('round-trip-time', () => {
  const env = { INTERVAL: '50' };

  test('repeatedly sends each client its own round-trip time', async () => {
    const [, url] = await Example.serve('round-trip-time', { env });
    const talker = await Talker.connect(url);
    for (let i = 0; i < 2; i++) {
      const { roundTrip } = JSON.parse((await talker.next()) as string) as { roundTrip: number };
      expect(roundTrip).toBeGreaterThan(0);
    }
  });

  test('ignores unsolicited pongs', async () => {
    const [, url] = await Example.serve('round-trip-time', { env });
    const talker = await Talker.connect(url, { autoPong: false });
    const ping = await talker.nextPing();
    talker.ws.pong('other');
    talker.ws.pong(ping);
    talker.ws.pong(ping);
    talker.ws.pong('other');
    talker.ws.close();
    await talker.closed;
    // The server answers each pong after the first ping is answered. All answers repeat that one measurement.
    const [first, ...others] = [await talker.next(), await talker.next(), await talker.next()];
    expect(others).toEqual([first, first]);
    await expect(talker.next()).rejects.toThrow('closed');
  });

  test('has a client that measures its own round-trip time', async () => {
    const [, url] = await Example.serve('round-trip-time');
    const client = Example.start('round-trip-time', { program: 'client.js', args: [url] });
    expect(await client.exitCode()).toBe(0);
    expect(client.output).toMatch(/^best \d+\.\d{3} ms, median \d+\.\d{3} ms$/m);
  });
});

describe('streams', () => {
  const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex');

  test('hashes what a client pipes to it', async () => {
    const [server, url] = await Example.serve('streams');
    const client = Example.start('streams', { program: 'client.js', args: ['upload', url] });
    const text = 'a line of text\n'.repeat(200_000);
    client.type(text);
    client.endInput();
    expect(await client.exitCode()).toBe(0);
    expect((await server.printed(/^uploaded: SHA-256 (\w+)$/m))[1]).toBe(sha256(text));
  });

  test('pipes its data to a client, up to the last line', async () => {
    const [server, url] = await Example.serve('streams');
    const client = Example.start('streams', { program: 'client.js', args: ['download', url] });
    expect(await client.exitCode()).toBe(0);
    const expected = Array.from({ length: 1_000_000 }, (_, index) => `${index + 1}\n`).join('');
    expect(sha256(client.output)).toBe(sha256(expected));
    await server.printed(/^downloaded$/m);
  });

  test('waits for a client that does not read, and stops when it disconnects', async () => {
    const [server, url] = await Example.serve('streams');
    const idle = await Talker.connect(`${url}/download`);
    idle.ws.pause();
    const other = Example.start('streams', { program: 'client.js', args: ['download', url] });
    expect(await other.exitCode()).toBe(0);
    idle.ws.terminate();
    await server.printed(/^failed: /m);
  });

  test('reports an interrupted upload, and does not treat a part as the whole', async () => {
    const [server, url] = await Example.serve('streams');
    const cut = await Talker.connect(`${url}/upload`);
    await new Promise((resolve) => cut.ws.send('a part', resolve));
    cut.ws.terminate();
    await server.printed(/^failed: the connection was cut$/m);
    expect(server.output).not.toContain('uploaded');
  });

  test('keeps running when a client of another path breaks a rule', async () => {
    const [server, url] = await Example.serve('streams');
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    const key = 'dGhlIHNhbXBsZSBub25jZQ==';
    socket.write(
      `GET /other HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    socket.write(Buffer.from('ff8000000000', 'hex'));
    socket.resume();
    await server.printed(/Invalid WebSocket frame/);
    socket.destroy();
    const next = Example.start('streams', { program: 'client.js', args: ['download', url] });
    expect(await next.exitCode()).toBe(0);
  });

  test('has a client that reports a missing server, and prints its usage without arguments', async () => {
    const args = ['download', 'ws://127.0.0.1:1'];
    const alone = Example.start('streams', { program: 'client.js', args });
    expect(await alone.exitCode()).toBe(1);
    expect(alone.output).toContain('ECONNREFUSED');
    const lost = Example.start('streams', { program: 'client.js' });
    expect(await lost.exitCode()).toBe(2);
    expect(lost.output).toContain('upload|download');
  });
});

describe('peer-address', () => {
  test.each([
    ['no proxy is trusted', '', '203.0.113.9', '127.0.0.1'],
    ['the proxy is trusted', '127.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['the client has made up an entry', '127.0.0.1', '10.9.9.9, 203.0.113.9', '203.0.113.9'],
    ['there are two trusted proxies', '127.0.0.1,10.0.0.0/8', '203.0.113.9, 10.1.2.3', '203.0.113.9'],
    ['an IPv4 address is written as IPv6', '127.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
    [
      'the client has an IPv6 address',
      '127.0.0.1,2001:db8:1::/48',
      '2001:db8:2::7, 2001:db8:1::1',
      '2001:db8:2::7',
    ],
    ['a proxy has written a name instead of an address', '127.0.0.1', 'unknown', 'unknown'],
    ['there is no such header', '127.0.0.1', '', '127.0.0.1'],
  ])('reports the address when %s', async (_when, trusted, forwarded, expected) => {
    const [, url] = await Example.serve('peer-address', { env: { TRUSTED_PROXIES: trusted } });
    const headers: Record<string, string> = forwarded === '' ? {} : { 'X-Forwarded-For': forwarded };
    const talker = await Talker.connect(url, { headers });
    expect(await talker.next()).toBe(expected);
  });
});

describe('heartbeat', () => {
  test('the server keeps a client that answers, and disconnects one that does not', async () => {
    // The timeout is long, because a client may be slow to answer on a busy machine.
    const [example, url] = await Example.serve('heartbeat', { env: { INTERVAL: '50', TIMEOUT: '500' } });
    const living = await Talker.connect(url);
    const silent = await Talker.connect(url, { autoPong: false });
    expect((await silent.closed)[0]).toBe(1006);
    await example.printed(/^The peer has not answered a ping in time\na client left with code 1006$/m);
    for (let i = 0; i < 5; i++) await once(living.ws, 'ping');
    expect(living.ws.readyState).toBe(living.ws.OPEN);
  });

  test.skipIf(requirement('posix').missing)('the client detects that the server is dead', async () => {
    const [server, url] = await Example.serve('heartbeat');
    const options = { program: 'client.js', args: [url], env: { INTERVAL: '100', TIMEOUT: '500' } };
    const client = Example.start('heartbeat', options);
    await client.printed(/^connected$/m);
    server.signal('SIGSTOP');
    expect(await client.exitCode()).toBe(0);
    expect(client.output).toMatch(/the server is dead\nclosed with 1006\n$/);
  });
});
