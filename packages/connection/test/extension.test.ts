import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import type { TransformDone } from '@framewire/connection';
import { readBytes } from '@framewire/testing';
import { Inverting, invertingPair } from './support/inverting.ts';
import { closeOf, collect, distractedMaskMaker, hex, rawPair, textOf, uncaughtIn } from './support/pairs.ts';

describe('an extension', () => {
  test('transforms a message and marks its first frame with RSV1', async () => {
    const { connection, peer } = await rawPair('server', { extension: new Inverting() });
    connection.send('ab', { fin: false });
    connection.send('cd');
    connection.send('e');
    expect(await readBytes(peer, 11)).toEqual(hex('41 02 9e9d 80 02 9c9b 81 01 65'));
    const message = once(connection, 'message');
    peer.write(hex('c1 82 00000000 9e9d'));
    expect(String((await message)[0])).toBe('ab');
    expect(connection.extensions).toBe('x-invert');
    connection.terminate();
    await closeOf(connection);
    peer.destroy();
  });

  test('keeps messages, control frames and blobs in send order, even when some take time', async () => {
    const pair = invertingPair();
    const story: string[] = [];
    pair.server.on('message', (data) => story.push(textOf(data)));
    pair.server.on('ping', (data) => story.push(`ping ${textOf(data)}`));
    pair.client.send('Late');
    pair.client.send('early');
    pair.client.ping('between');
    pair.client.send(new Blob(['Blob']));
    pair.client.send('plain', { compress: false });
    pair.client.send('Fragments ', { fin: false });
    pair.client.send('end');
    pair.client.close(1000);
    await closeOf(pair.server);
    expect(story).toEqual(['Late', 'early', 'ping between', 'Blob', 'plain', 'Fragments end']);
  });

  test('compresses what generateMask sends before the message that the key is for', async () => {
    const { connection, peer } = await rawPair('client', {
      extension: new Inverting(),
      generateMask: distractedMaskMaker(() => connection.send('in')),
    });
    connection.send('ab');
    expect(await readBytes(peer, 16)).toEqual(hex('c1 82 00000000 9691 c1 82 00000000 9e9d'));
    connection.terminate();
    await closeOf(connection);
  });

  test.each([
    ['before it calls back', false],
    ['after it has called back', true],
  ])('that throws while it inflates, %s, fails the connection', async (_when, callsBack) => {
    const extension = Object.assign(new Inverting(), {
      decompress(data: Uint8Array, done: TransformDone) {
        if (callsBack) done(null, data);
        throw new Error('broken');
      },
    });
    const { connection, peer } = await rawPair('server', { extension });
    const closed = closeOf(connection);
    const failed = once(connection, 'error');
    const messages = vi.fn();
    connection.on('message', messages);
    peer.resume().write(hex('c1 82 00000000 9e9d'));
    expect((await failed)[0]).toMatchObject({ message: 'broken' });
    connection.terminate();
    expect((await closed)[0]).toBe(1006);
    expect(messages).not.toHaveBeenCalled();
    peer.destroy();
  });

  test('is not blamed for an exception that a listener throws inside its callback', async () => {
    const extension = Object.assign(new Inverting(), {
      decompress(data: Uint8Array, done: TransformDone) {
        done(null, data);
      },
    });
    const { connection, peer } = await rawPair('server', { extension });
    const failed = vi.fn();
    connection.on('error', failed);
    const thrown = await uncaughtIn(async () => {
      connection.once('message', () => {
        throw new Error('of the listener');
      });
      peer.write(hex('c1 82 00000000 6162 c1 82 00000000 6162'));
      // The second message. The exception has kept the first one from this listener.
      await once(connection, 'message');
    });
    expect(thrown).toEqual(['Error: of the listener']);
    expect(failed).not.toHaveBeenCalled();
    connection.terminate();
    await closeOf(connection);
    peer.destroy();
  });

  test('that throws when it is closed does not keep close from being emitted', async () => {
    const extension = Object.assign(new Inverting(), {
      close() {
        throw new Error('broken');
      },
    });
    const { connection, peer } = await rawPair('server', { extension });
    const thrown = await uncaughtIn(async () => {
      const closed = closeOf(connection);
      connection.terminate();
      await closed;
      await new Promise((resolve) => setImmediate(resolve));
    });
    expect(thrown).toEqual(['Error: broken']);
    peer.destroy();
  });

  test('is closed once, when the connection closes', async () => {
    const extension = new Inverting();
    const { connection, peer } = await rawPair('server', { extension });
    peer.resume().end(hex('88 80 00000000'));
    await closeOf(connection);
    expect(extension.closed).toBe(1);
  });

  test('delivers messages that it is still inflating when the socket closes, before close', async () => {
    const { connection, peer } = await rawPair('server', { extension: new Inverting() });
    const received = collect(connection);
    peer.resume().end(Buffer.concat([hex('c1 81 00000000 be'), hex('c1 81 00000000 9e')]));
    await closeOf(connection);
    expect(received.messages).toEqual(['A', 'a']);
  });

  test('fails the connection if the inflated text is not UTF-8 (§8.1)', async () => {
    const { connection, peer } = await rawPair('server', { extension: new Inverting() });
    const error = once(connection, 'error');
    peer.write(hex('c1 81 00000000 00'));
    expect((await error)[0]).toMatchObject({ code: 'WS_ERR_INVALID_UTF8' });
    peer.destroy();
    await closeOf(connection);
  });

  test('fails the connection with the code of its error, by default 1007, if it cannot inflate a message', async () => {
    for (const closeCode of [1009, undefined]) {
      const extension = new Inverting();
      extension.decompress = (_data, done) => {
        done(Object.assign(new Error('corrupt'), closeCode === undefined ? {} : { closeCode }));
      };
      const { connection, peer } = await rawPair('server', { extension });
      const error = once(connection, 'error');
      peer.write(hex('c1 81 00000000 00'));
      expect(((await error) as [Error])[0].message).toBe('corrupt');
      expect(await readBytes(peer, 4)).toEqual(hex(`88 02 ${closeCode === undefined ? '03ef' : '03f1'}`));
      peer.destroy();
      await closeOf(connection);
    }
  });

  test('ends the connection and calls the callback with its error if it cannot compress a message', async () => {
    const extension = new Inverting();
    extension.compress = (_part, done) => {
      done(new Error('no memory'));
    };
    const { connection, peer } = await rawPair('server', { extension });
    const error = once(connection, 'error');
    const callback = vi.fn();
    connection.send('text', callback);
    expect(((await error) as [Error])[0].message).toBe('no memory');
    expect(callback).toHaveBeenCalledWith(expect.objectContaining({ message: 'no memory' }));
    peer.resume().end();
    expect((await closeOf(connection))[0]).toBe(1006);
  });

  test('continues after a listener has thrown for a message that took time to inflate', async () => {
    const { connection, peer } = await rawPair('server', { extension: new Inverting() });
    const received: string[] = [];
    connection.on('message', (data) => {
      received.push(textOf(data));
      if (received.length === 1) throw new Error('mine');
    });
    const errors = await uncaughtIn(async () => {
      peer.resume().end(Buffer.concat([hex('c1 81 00000000 be'), hex('c1 81 00000000 bd')]));
      await closeOf(connection);
    });
    expect([received, errors]).toEqual([['A', 'B'], ['Error: mine']]);
  });

  test('keeps no exception of a listener from being reported', async () => {
    const { connection, peer } = await rawPair('server', { extension: new Inverting() });
    connection.on('message', (data) => {
      throw new Error(textOf(data));
    });
    const errors = await uncaughtIn(async () => {
      // The first message takes time. The second is not compressed.
      peer.resume().end(Buffer.concat([hex('c1 81 00000000 be'), hex('81 81 00000000 42')]));
      await closeOf(connection);
    });
    expect(errors).toEqual(['Error: A', 'Error: B']);
  });

  test('loses only the message for which it throws', async () => {
    const extension = new Inverting();
    const { connection, peer } = await rawPair('server', { extension });
    extension.compress = () => {
      throw new Error('broken');
    };
    expect(() => {
      connection.send('lost');
    }).toThrow('broken');
    connection.send('plain', { compress: false });
    expect(await readBytes(peer, 7)).toEqual(hex('81 05 706c61696e'));
    connection.terminate();
    await closeOf(connection);
    peer.destroy();
  });

  test('is required for RSV1: without one, RSV1 is an error', async () => {
    const { connection, peer } = await rawPair('server');
    const error = once(connection, 'error');
    peer.write(hex('c1 81 00000000 9e'));
    expect((await error)[0]).toMatchObject({ code: 'WS_ERR_UNEXPECTED_RSV_1' });
    peer.destroy();
    await closeOf(connection);
  });
});

test('a blob that cannot be read ends the connection with its error', async () => {
  const { connection, peer } = await rawPair('server');
  const blob = new Blob(['x']);
  blob.arrayBuffer = () => Promise.reject(new Error('gone'));
  const error = once(connection, 'error');
  connection.send(blob);
  expect(((await error) as [Error])[0].message).toBe('gone');
  peer.resume().end();
  await closeOf(connection);
});
