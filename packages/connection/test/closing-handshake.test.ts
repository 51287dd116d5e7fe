import { once } from 'node:events';
import { Duplex, duplexPair } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readBytes } from '@framewire/testing';
import { attach, closeOf, end, hex, memoryPair, rawPair, readAll, tcpPair, textOf } from './support/pairs.ts';

describe('closing', () => {
  test.each(['client', 'server'] as const)(
    'reports code and reason at both ends when the %s starts it',
    async (role) => {
      const pair = memoryPair();
      const other = role === 'client' ? pair.server : pair.client;
      const closed = Promise.all([closeOf(pair[role]), closeOf(other)]);
      pair[role].close(4001, 'enough');
      for (const outcome of await closed) expect(outcome).toEqual([4001, 'enough']);
      expect([pair.client.wasClean, pair.server.wasClean]).toEqual([true, true]);
    },
  );

  test('reports 1005 at both ends when there is no code', async () => {
    const { client, server } = memoryPair();
    const closed = Promise.all([closeOf(client), closeOf(server)]);
    client.close();
    expect((await closed).map(([code]) => code)).toEqual([1005, 1005]);
  });

  test('reports the code of the other end when both ends close at the same time', async () => {
    const { client, server } = memoryPair();
    const closed = Promise.all([closeOf(client), closeOf(server)]);
    client.close(4001);
    server.close(4002);
    expect((await closed).map(([code]) => code)).toEqual([4002, 4001]);
  });

  test('delivers earlier messages, and those that the peer sends before its own close frame', async () => {
    const { client, server } = await tcpPair();
    const story: string[] = [];
    server.on('message', (data) => story.push(`server got ${textOf(data)}`));
    client.on('message', (data) => story.push(`client got ${textOf(data)}`));
    client.on('close', () => story.push('client closed'));
    client.send('last words');
    client.close(1000);
    server.send('still here');
    await Promise.all([closeOf(client), closeOf(server)]);
    expect(story.sort()).toEqual(['client closed', 'client got still here', 'server got last words']);
  });

  test('sends only one close frame, however often close() is called', async () => {
    const { connection, peer } = await rawPair('server');
    connection.close(1000);
    connection.close(1001);
    expect(await readBytes(peer, 4)).toEqual(hex('88 02 03 e8'));
    const rest = readAll(peer);
    peer.write(hex('88 82 00000000 03e8'));
    expect(await rest).toEqual(Buffer.alloc(0));
    peer.end();
    await closeOf(connection);
  });

  test('ends TCP when each end has sent a close frame (§7.1.1)', async () => {
    const { connection, peer } = await rawPair('server');
    const closed = closeOf(connection);
    peer.write(hex('88 82 00000000 03e8'));
    expect(await readAll(peer)).toEqual(hex('88 02 03 e8'));
    peer.end();
    const [code] = await closed;
    expect(code).toBe(1000);
    expect(connection.wasClean).toBe(true);
  });

  test('reads nothing after the close frame of the peer', async () => {
    const { connection, peer } = await rawPair('server');
    const messages: string[] = [];
    connection.on('message', (data) => messages.push(textOf(data)));
    peer.end(Buffer.concat([hex('81 81 00000000 61'), hex('88 80 00000000'), hex('81 81 00000000 62')]));
    await closeOf(connection);
    expect(messages).toEqual(['a']);
  });

  test('reports 1006 when TCP ends without a close frame', async () => {
    const { connection, peer } = await rawPair('client');
    peer.end();
    expect(await closeOf(connection)).toEqual([1006, '']);
    expect(connection.wasClean).toBe(false);
  });

  test.each([
    ['a code that must not be sent', [1005], TypeError],
    ['a code that is not a number', ['1000'], TypeError],
    ['a reason of another type', [1000, new Float32Array(20)], TypeError],
    ['a reason of more than 123 bytes', [1000, 'é'.repeat(62)], RangeError],
  ])('throws for %s, and stays open', async (_what, args, error) => {
    const pair = memoryPair();
    expect(() => {
      pair.client.close(...(args as [number, string]));
    }).toThrow(error);
    expect(pair.client.readyState).toBe(pair.client.OPEN);
    await end(pair);
  });
});

describe('failing the connection (§7.1.7)', () => {
  test.each([
    ['server', 'an unmasked frame', '81 01 61', 'WS_ERR_EXPECTED_MASK', '03ea'],
    ['client', 'a masked frame', '81 81 00000000 61', 'WS_ERR_UNEXPECTED_MASK', '03ea'],
    ['server', 'a reserved opcode', '83 80 00000000', 'WS_ERR_INVALID_OPCODE', '03ea'],
    ['server', 'text that is not UTF-8', '81 81 00000000 ff', 'WS_ERR_INVALID_UTF8', '03ef'],
    [
      'server',
      'a close code that must not be sent',
      '88 82 00000000 03ed',
      'WS_ERR_INVALID_CLOSE_CODE',
      '03ea',
    ],
    ['server', 'a reason that is not UTF-8', '88 83 00000000 03e8 ff', 'WS_ERR_INVALID_UTF8', '03ef'],
    ['server', 'a message over maxPayload', '82 89 00000000', 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', '03f1'],
  ] as const)('a %s that receives %s reports it', async (role, _what, bytes, code, closeCode) => {
    const { connection, peer } = await rawPair(role, { maxPayload: 8 });
    const failed = once(connection, 'error');
    const closed = closeOf(connection);
    peer.write(hex(bytes));
    const [error] = (await failed) as [Error & { code: string }];
    expect(error.code).toBe(code);
    const sent = await readAll(peer);
    const unmasked =
      role === 'server' ? sent.subarray(2) : sent.subarray(6).map((byte, i) => byte ^ sent[2 + (i % 4)]!);
    expect(Buffer.from(unmasked).toString('hex')).toBe(closeCode);
    peer.end();
    const [seen] = await closed;
    expect(seen).toBe(1006);
  });

  test('delivers messages that precede the invalid frame, and nothing after it', async () => {
    const { connection, peer } = await rawPair('server');
    const story: string[] = [];
    connection.on('message', (data) => story.push(textOf(data)));
    connection.on('error', () => story.push('error'));
    peer.end(Buffer.concat([hex('81 81 00000000 61'), hex('81 01 62'), hex('81 81 00000000 63')]));
    await closeOf(connection);
    expect(story).toEqual(['a', 'error']);
  });

  test('emits only one error', async () => {
    const { connection, peer } = await rawPair('server');
    let errors = 0;
    connection.on('error', () => errors++);
    peer.write(hex('81 01 61'));
    peer.end(hex('81 01 61'));
    await closeOf(connection);
    expect(errors).toBe(1);
  });

  test('does not wait for a peer that keeps sending', async () => {
    const { connection, peer } = await rawPair('server');
    connection.on('error', () => undefined);
    const closed = closeOf(connection);
    peer.on('error', () => undefined);
    peer.write(hex('81 01 61'));
    peer.write(Buffer.alloc(1 << 20));
    await readAll(peer);
    peer.end();
    await closed;
    expect(connection.readyState).toBe(connection.CLOSED);
  });
});

test('close is emitted once, and last, although the program terminates and resumes a connection in one turn', async () => {
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const connection = attach(stream, 'client');
  const events: string[] = [];
  connection.on('message', (data) => events.push(textOf(data)));
  connection.once('message', () => connection.pause());
  connection.on('close', () => events.push('close'));
  stream.push(hex('81 01 61 81 01 62'));
  await once(connection, 'message');
  await new Promise((resolve) => setImmediate(resolve));
  connection.terminate();
  connection.resume();
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(events).toEqual(['a', 'b', 'close']);
});

test('the callback of a send to a destroyed stream is called before close, also if a timer sends', async () => {
  const [stream] = duplexPair();
  const connection = attach(stream, 'server');
  const events: string[] = [];
  connection.on('close', () => events.push('close'));
  setImmediate(() => {
    stream.destroy();
    connection.send('x', (error) => events.push(String(error?.message)));
  });
  await closeOf(connection);
  expect(events).toEqual([expect.any(String), 'close']);
});

test('setSocket() throws for a second stream and for a stream in use', async () => {
  const pair = memoryPair();
  const { connection, socket, peer } = await rawPair('server');
  expect(() => attach(socket, 'server')).toThrow('in use already');
  expect(() => {
    connection.setSocket(peer, Buffer.alloc(0), { role: 'client' });
  }).toThrow('in use already');
  connection.terminate();
  await closeOf(connection);
  peer.destroy();
  await end(pair);
});

test('a stream that has closed before setSocket() ends the connection with 1006', async () => {
  const [, stream] = duplexPair();
  stream.destroy();
  await once(stream, 'close');
  const closed = closeOf(attach(stream, 'server'));
  expect((await closed)[0]).toBe(1006);
});
