// Sending: callbacks, bufferedAmount, and sends on a connection that is not open.
import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { FLOOD, sendMoreThanFits, untilStuck } from '../src/flood.ts';
import { closed, nextMessage, nextMessages, sent } from '../src/inbox.ts';
import { directions } from '../src/meeting.ts';
import { eachPairing, eachPairingAndTransport } from './each.ts';

eachPairingAndTransport((meeting) => {
  test('each send calls its callback once, without an error, in send order', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const calls: string[] = [];
      const arrived = nextMessages(to, 40);
      for (let index = 0; index < 40; index++) {
        const data = index % 3 === 0 ? 'small' : Buffer.alloc(index * 2000);
        from.send(data, (error) => calls.push(`${index} ${String(error ?? undefined)}`));
      }
      await arrived;
      await sent(from, 'last');
      expect(calls).toEqual(Array.from({ length: 40 }, (_, index) => `${index} undefined`));
    }
  });

  test('no callback is called synchronously', async () => {
    for (const [from] of directions(await meeting.meet())) {
      let inside = true;
      const calledInside = new Promise((resolve) => from.send('data', () => resolve(inside)));
      inside = false;
      expect(await calledInside).toBe(false);
    }
  });

  test('bufferedAmount is 0 before the first send, and after everything is written', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      expect(from.bufferedAmount).toBe(0);
      const arrived = nextMessages(to, 9);
      for (let index = 0; index < 8; index++) from.send(Buffer.alloc(256 * 1024));
      await sent(from, 'last');
      expect(from.bufferedAmount).toBe(0);
      await arrived;
    }
  });

  test('bufferedAmount counts the bytes that wait for a peer that does not read', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      to.pause();
      const arrived = nextMessages(to, FLOOD.messages);
      sendMoreThanFits(from);
      await untilStuck(from);
      expect(from.bufferedAmount).toBeGreaterThan(0);
      expect(from.bufferedAmount).toBeLessThanOrEqual(FLOOD.messages * (FLOOD.length + 14));
      to.resume();
      await arrived;
      await sent(from, 'last');
      expect(from.bufferedAmount).toBe(0);
    }
  });
});

eachPairing((meeting) => {
  test('the callback may replace the options', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const arrived = nextMessages(to, 3);
      const errors = await Promise.all([
        new Promise((resolve) => from.send('a', resolve)),
        new Promise((resolve) => from.send('b', {}, resolve)),
        new Promise((resolve) => from.send('c', undefined as unknown as object, resolve)),
      ]);
      expect(errors.map((error) => error ?? undefined)).toEqual([undefined, undefined, undefined]);
      expect((await arrived).map(({ data }) => data.toString())).toEqual(['a', 'b', 'c']);
    }
  });

  test('a send while connecting throws', () => {
    const client = meeting.dial();
    client.on('error', () => {});
    expect(() => client.send('too early')).toThrow('WebSocket is not open: readyState 0 (CONNECTING)');
  });

  test('a send after close() reports only to its callback, and counts as buffered', async () => {
    for (const side of ['client', 'server'] as const) {
      const { [side]: from } = await meeting.meet();
      const end = closed(from);
      from.close(1000);
      const error = await new Promise<Error | undefined>((resolve) => from.send('too late', resolve));
      expect(error).toBeInstanceOf(Error);
      expect(error?.message).toBe('WebSocket is not open: readyState 2 (CLOSING)');
      expect(() => from.send('without a callback')).not.toThrow();
      await end;
      const last = await new Promise<Error | undefined>((resolve) => from.send('later', resolve));
      expect(last?.message).toBe('WebSocket is not open: readyState 3 (CLOSED)');
      const discarded = ['too late', 'without a callback', 'later'].join('').length;
      expect(from.bufferedAmount).toBe(discarded);
    }
  });

  test.each(['ping', 'pong'] as const)('a %s after close() reports only to its callback', async (method) => {
    const { client } = await meeting.meet();
    const end = closed(client);
    client.close();
    const error = await new Promise<Error | undefined>((resolve) => client[method]('', undefined, resolve));
    expect(error?.message).toBe('WebSocket is not open: readyState 2 (CLOSING)');
    expect(() => client[method]('without a callback')).not.toThrow();
    await end;
  });

  test('a message that is sent in a message listener is delivered', async () => {
    const { client, server } = await meeting.meet();
    server.on('message', (data) => {
      server.send(`${data.toString()} 1`);
      server.send(`${data.toString()} 2`);
    });
    const arrived = nextMessages(client, 4);
    client.send('a');
    client.send('b');
    expect((await arrived).map(({ data }) => data.toString())).toEqual(['a 1', 'a 2', 'b 1', 'b 2']);
  });

  test('the caller may change the data after the callback', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const data = Buffer.alloc(100_000, 'a');
      const arrived = nextMessage(to);
      await sent(from, data);
      data.fill('b');
      expect((await arrived).data.toString()).toBe('a'.repeat(100_000));
    }
  });

  test('sending does not change the data', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const small = Buffer.alloc(10, 'a');
      const large = Buffer.alloc(100_000, 'a');
      const arrived = nextMessages(to, 2);
      from.send(small);
      from.send(large);
      await arrived;
      expect([small.every((byte) => byte === 0x61), large.every((byte) => byte === 0x61)]).toEqual([
        true,
        true,
      ]);
    }
  });

  test('the frames of a client are masked with the key of generateMask', async () => {
    const masks: number[] = [];
    const generateMask = (mask: Buffer): void => {
      masks.push(mask.length);
      mask.fill(0x2a);
    };
    const { client, server } = await meeting.meet({ client: { generateMask } });
    const arrived = nextMessages(server, 2);
    client.send('masked');
    client.send(Buffer.alloc(100_000, 'a'));
    const [first, second] = await arrived;
    expect([first!.data.toString(), second!.data.toString()]).toEqual(['masked', 'a'.repeat(100_000)]);
    expect(masks).toEqual([4, 4]);
  });

  test('messages that were sent before terminate() have been passed to the kernel', async () => {
    const { client, server } = await meeting.meet();
    const arrived = nextMessage(server);
    const gone = closed(server);
    client.send('last words');
    client.terminate();
    expect((await arrived).data.toString()).toBe('last words');
    expect((await gone).code).toBe(1006);
  });
});
