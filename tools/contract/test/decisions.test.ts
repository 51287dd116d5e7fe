// Intended differences from ws. Any other difference is a bug.
import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { closed, nextMessage } from '../src/inbox.ts';
import { directions } from '../src/meeting.ts';
import { ours } from '../src/pairings.ts';
import { head, maskedFrame, meetRawClient, RawPeer, upgradeRequest } from '../src/raw.ts';
import { catchNextException } from '../src/uncaught.ts';
import { eachTransport } from './each.ts';

eachTransport(ours, (meeting) => {
  // ws sends no reason, or an invalid code.
  test.each([
    [1000, 123],
    [1000, {}],
    [1000, new DataView(new ArrayBuffer(4))],
    [1000.5, undefined],
  ])('close(%s, %s) is a TypeError', async (code, reason) => {
    const { client, server } = await meeting.meet();
    for (const ws of [client, server]) {
      expect(() => ws.close(code, reason as unknown as string)).toThrow(TypeError);
      expect(ws.readyState).toBe(1);
    }
  });

  // ws uses the socket's own timer, which an in-memory stream does not have.
  test('handshakeTimeout works over every transport', async () => {
    const leaveUnanswered = (): void => {};
    meeting.host.http.on('upgrade', leaveUnanswered);
    const outcome = await closed(meeting.dial({ client: { handshakeTimeout: 50 } }));
    // On a busy machine the request may arrive later. It must not be mistaken for that of the next test.
    meeting.host.http.off('upgrade', leaveUnanswered);
    expect(outcome).toEqual({ code: 1006, reason: '' });
  });

  // ws validates a text only after its last byte.
  test.each([
    ['in a fragment', maskedFrame('0102', 'c328')],
    ['in the first half of a frame', maskedFrame('8106', 'c32861616161').subarray(0, 9)],
  ])(
    'invalid UTF-8 %s fails the connection with 1007 immediately, although the text continues',
    async (_where, start) => {
      const { ws, raw } = await meetRawClient(meeting);
      const gone = closed(ws);
      const errors: unknown[] = [];
      ws.on('error', (error) => errors.push(error));
      raw.say(start);
      expect(await raw.hear(4)).toBe('880203ef');
      raw.end();
      await gone;
      expect(errors).toMatchObject([{ code: 'WS_ERR_INVALID_UTF8' }]);
    },
  );

  // ws only stops reading from the socket, and emits the rest of what it has read.
  test.each([true, false])(
    'pause() in a message listener holds back messages of the same segment until resume() (allowSynchronousEvents: %s)',
    async (allowSynchronousEvents) => {
      const { ws, raw } = await meetRawClient(meeting, { server: { allowSynchronousEvents } });
      const events: string[] = [];
      ws.on('message', (data) => events.push(`${data.toString()}, paused: ${ws.isPaused}`));
      ws.on('ping', () => events.push(`ping, paused: ${ws.isPaused}`));
      ws.on('close', (code) => events.push(`close ${code}`));
      const paused = new Promise<void>((resolve) => {
        ws.once('message', () => {
          ws.pause();
          resolve();
        });
      });
      const gone = closed(ws);
      raw.say(
        Buffer.concat([
          maskedFrame('8101', '61'),
          maskedFrame('8101', '62'),
          maskedFrame('8900'),
          maskedFrame('8101', '63'),
          maskedFrame('8802', '03e8'),
        ]),
      );
      await paused;
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(events).toEqual(['a, paused: false']);
      ws.resume();
      // The answer to the close frame has arrived, so the peer sends nothing more.
      await raw.hear(4);
      raw.end();
      await gone;
      expect(events.slice(1)).toEqual([
        'b, paused: false',
        'ping, paused: false',
        'c, paused: false',
        'close 1000',
      ]);
    },
  );

  // ws emits nothing more on that connection.
  test('after an exception in a listener, later messages are emitted', async () => {
    for (const [from, to] of directions(await meeting.meet())) {
      const uncaught = new Promise<unknown>((resolve) => catchNextException(resolve));
      to.once('message', () => {
        throw new Error('from a listener');
      });
      from.send('first');
      expect(await uncaught).toMatchObject({ message: 'from a listener' });
      const arrived = nextMessage(to);
      from.send('second');
      expect((await arrived).data.toString()).toBe('second');
    }
  });

  // ws throws out of the callback of verifyClient.
  test('a refusal may have a status without a reason phrase', async () => {
    meeting.serve({ verifyClient: (_info, done) => done(false, 499) });
    const raw = new RawPeer(await meeting.connect());
    raw.say(Buffer.from(upgradeRequest()));
    expect(await raw.hearHead()).toMatch(/^HTTP\/1\.1 499 /);
    raw.end();
  });

  // ws follows any 3xx status with a Location.
  test.each([300, 304, 305, 306])('a %d with a Location is not followed', async (status) => {
    meeting.host.http.once('upgrade', (_request, socket) => {
      socket.end(head(`HTTP/1.1 ${status} Elsewhere`, 'Location: /elsewhere', 'Content-Length: 0'));
    });
    const client = meeting.dial({ client: { followRedirects: true } });
    const messages: string[] = [];
    client.on('error', (error) => messages.push(error.message));
    await closed(client);
    expect(messages).toEqual([`Unexpected server response: ${status}`]);
  });

  // In ws, these errors have only a message.
  test('an error of the opening handshake has a code', async () => {
    meeting.host.http.once('upgrade', (_request, socket) => {
      socket.end(head('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'));
    });
    const client = meeting.dial();
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    await closed(client);
    expect(errors).toMatchObject([
      { code: 'WS_ERR_INVALID_ACCEPT', message: 'Invalid Sec-WebSocket-Accept header' },
    ]);
  });
});
