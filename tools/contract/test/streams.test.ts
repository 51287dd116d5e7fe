// Streams over connections. In every pairing, they emit the same as those of ws.
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { WebSocket } from 'ws';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { untilStuck } from '../src/flood.ts';
import { Meeting } from '../src/meeting.ts';
import { control, pairings } from '../src/pairings.ts';
import { playStream, streamStories, watch } from '../src/stream-stories.ts';
import { tcp } from '../src/transports.ts';

const reference = new Meeting(control, tcp);
beforeAll(() => reference.open());
afterAll(() => reference.close());

describe.each(pairings)('$name', (pairing) => {
  const meeting = new Meeting(pairing, tcp);
  beforeAll(() => meeting.open());
  afterEach(() => {
    meeting.endTest();
    reference.endTest();
  });
  afterAll(() => meeting.close());

  describe.each(['client', 'server'] as const)('a stream of the %s', (end) => {
    test.each(streamStories)('$name', async (story) => {
      expect(await playStream(story, end, meeting)).toEqual(await playStream(story, end, reference));
    });

    test('stops reading from the socket while the stream is not read, and loses nothing', async () => {
      const { client, server } = await meeting.meet();
      const [own, peer] = end === 'client' ? [client, server] : [server, client];
      const stream = meeting.pairing[end].createWebSocketStream(own, { readableHighWaterMark: 1024 });
      const messages = 200;
      for (let n = 0; n < messages; n++) peer.send(Buffer.alloc(1000, n));
      await once(stream, 'readable');
      while (!own.isPaused) await new Promise((resolve) => setImmediate(resolve));
      expect(stream.readableLength).toBeGreaterThanOrEqual(1024);
      peer.close();
      let length = 0;
      for await (const chunk of stream) length += (chunk as Buffer).length;
      expect(length).toBe(messages * 1000);
    });

    test('is full while the peer does not read, and accepts more when it does', async () => {
      const { client, server } = await meeting.meet();
      const [own, peer] = end === 'client' ? [client, server] : [server, client];
      peer.pause();
      const stream = meeting.pairing[end].createWebSocketStream(own);
      const chunk = Buffer.alloc(1024 * 1024);
      let written = 0;
      // A write completes when the kernel has accepted its message. The last one does not.
      for (let isAccepted = true; isAccepted; written++) {
        isAccepted = await Promise.race([
          new Promise<boolean>((resolve) => stream.write(chunk, () => resolve(true))),
          untilStuck(own).then(() => false),
        ]);
      }
      expect(stream.write(chunk)).toBe(false);
      let received = 0;
      peer.on('message', (data) => (received += (data as Buffer).length));
      peer.resume();
      stream.end();
      await once(peer, 'close');
      expect(received).toBe((written + 1) * chunk.length);
    });
  });

  test('a stream that is created while connecting sends earlier writes after open', async () => {
    const listener = meeting.serve();
    const connected = once(listener, 'connection') as Promise<[WebSocket]>;
    const client = meeting.dial();
    const stream = meeting.pairing.client.createWebSocketStream(client);
    stream.write('early');
    const [server] = await connected;
    expect(String((await once(server, 'message'))[0])).toBe('early');
    stream.end();
    await watch(stream, []);
  });

  test.each(['destroyed', 'refused'])(
    'a stream of a client that is %s while connecting reports the reason',
    async (how) => {
      const outcome = async (where: Meeting): Promise<string[]> => {
        where.serve(how === 'refused' ? { verifyClient: () => false } : {});
        const stream = where.pairing.client.createWebSocketStream(where.dial());
        const lines: string[] = [];
        const closed = watch(stream, lines);
        if (how === 'destroyed') stream.destroy();
        await closed;
        return lines;
      };
      expect(await outcome(meeting)).toEqual(await outcome(reference));
    },
  );

  test('two streams can be joined in one pipeline', async () => {
    const { client, server } = await meeting.meet();
    const echo: Duplex = meeting.pairing.server.createWebSocketStream(server);
    const echoed = pipeline(echo, echo);
    const stream = meeting.pairing.client.createWebSocketStream(client, { encoding: 'utf8' });
    stream.write('there and back');
    expect((await once(stream, 'data'))[0]).toBe('there and back');
    stream.end();
    await Promise.all([echoed, watch(stream, [])]);
  });
});
