// How our server accepts clients, over each transport: authentication, limits on connections, origins, and connections that start paused.
import '@framewire/testing/fake-timers';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { UpgradeRefusal } from 'framewire';
import { expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { nextMessages, type Received } from '../src/inbox.ts';
import { ours } from '../src/pairings.ts';
import { maskedFrame } from '../src/raw.ts';
import { turns } from '../src/turns.ts';
import { expectUnavailable, knock, outcomeOf, serve, slowAuthentication, ways } from './clients.ts';
import { eachTransport } from './each.ts';

const fault = new Error('the password of the database is wrong');

function thrower(error: Error | UpgradeRefusal): () => never {
  return () => {
    throw error;
  };
}

/** What `authenticate` does, the answer to the client, and the causes that are reported to the application. */
const refusals: [how: string, authenticate: () => unknown, answer: RegExp, causes: Error[]][] = [
  [
    'throws an UpgradeRefusal',
    thrower(new UpgradeRefusal(403, { headers: { 'X-Why': 'banned' }, body: 'Not you' })),
    /^HTTP\/1\.1 403 Forbidden\r\n[^]*\r\nX-Why: banned\r\n[^]*\r\nNot you$/,
    [],
  ],
  [
    'resolves to an UpgradeRefusal',
    () => Promise.resolve(new UpgradeRefusal(401)),
    /^HTTP\/1\.1 401 Unauthorized\r\n/,
    [],
  ],
  ['throws another error', thrower(fault), /^HTTP\/1\.1 500 [^]*\r\n\r\nInternal Server Error$/, [fault]],
  [
    'rejects with another error',
    () => Promise.reject(fault),
    /^HTTP\/1\.1 500 [^]*\r\n\r\nInternal Server Error$/,
    [fault],
  ],
];

eachTransport(ours, (meeting) => {
  test.each(ways)('authenticate identifies a client, with %s', async (_name, serveBy) => {
    const server = serveBy(meeting, {
      async authenticate({ url = '' }: IncomingMessage) {
        await Promise.resolve();
        return url.slice(1);
      },
    });
    const connected = once(server, 'connection') as Promise<[WebSocket, IncomingMessage, unknown]>;
    const ada = meeting.dial({ path: '/ada' });
    expect(await outcomeOf(ada)).toBe('open');
    const [ws, , identity] = await connected;
    expect(identity).toBe('ada');
    // The server reads the socket again after authentication.
    ada.send('hello');
    expect(String((await once(ws, 'message'))[0])).toBe('hello');
  });

  test.each(refusals)(
    'an authenticate that %s refuses the client',
    async (_, authenticate, answer, causes) => {
      const server = serve(meeting, { authenticate });
      const reported: unknown[] = [];
      server.on('wsClientError', ({ cause }) => reported.push(cause));
      expect((await (await knock(meeting)).hearRest()).toString('latin1')).toMatch(answer);
      expect(reported).toEqual(causes);
    },
  );

  test('messages of a client for which authenticate is pending are kept, and arrive first', async () => {
    const { waiting, authenticate } = slowAuthentication();
    const server = serve(meeting, { authenticate });
    const messages = new Promise<Received[]>((resolve) => {
      server.on('connection', (ws) => resolve(nextMessages(ws as unknown as WebSocket, 2)));
    });
    const raw = await knock(meeting, '/slow');
    const { admit } = await waiting;
    raw.say(maskedFrame('8101', '61'));
    // Enough turns for the server to read the message.
    await turns(50);
    admit('slow');
    await raw.hearHead();
    raw.say(maskedFrame('8101', '62'));
    expect((await messages).map(({ data }) => String(data))).toEqual(['a', 'b']);
  });

  test('when a client leaves while authenticate is pending, its place is free and the signal aborts', async () => {
    const { waiting, authenticate } = slowAuthentication();
    serve(meeting, { maxConnections: 1, authenticate });
    const slow = await knock(meeting, '/slow');
    const { request, signal } = await waiting;
    await expectUnavailable(await knock(meeting), 10);
    const left = new Promise((resolve) => request.socket.once('close', resolve));
    slow.destroy();
    await left;
    expect(signal.reason).toMatchObject({ name: 'AbortError' });
    expect(await outcomeOf(meeting.dial())).toBe('open');
  });

  test('handshakeTimeout ends a pending authenticate with 503, aborts the signal, and frees the place', async () => {
    const { waiting, authenticate } = slowAuthentication();
    serve(meeting, { handshakeTimeout: 1000, maxConnections: 1, authenticate });
    const slow = await knock(meeting, '/slow');
    const { request, signal, admit } = await waiting;
    vi.advanceTimersByTime(999);
    expect(signal.aborted).toBe(false);
    const left = new Promise((resolve) => request.socket.once('close', resolve));
    vi.advanceTimersByTime(1);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
    // An answer that is too late has no effect.
    admit('slow');
    expect((await slow.hearRest()).toString('latin1')).toMatch(/^HTTP\/1\.1 503 [^]*Service Unavailable$/);
    await left;
    expect(await outcomeOf(meeting.dial())).toBe('open');
  });

  test('maxConnections and connectionsPerClient refuse clients above the limits', async () => {
    const client = ({ url = '' }: IncomingMessage): string => url;
    serve(meeting, { maxConnections: 2, connectionsPerClient: { limit: 1, client } });
    expect(await outcomeOf(meeting.dial({ path: '/a' }))).toBe('open');
    expect(await outcomeOf(meeting.dial({ path: '/a' }))).toBe('Unexpected server response: 429');
    expect(await outcomeOf(meeting.dial({ path: '/b' }))).toBe('open');
    await expectUnavailable(await knock(meeting, '/c'), 10);
  });

  test('pauseOnConnect loses no message', async () => {
    const server = serve(meeting, { pauseOnConnect: true });
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const client = meeting.dial();
    await once(client, 'open');
    const [ws] = await connected;
    client.send('early');
    await turns(50);
    const message = once(ws, 'message');
    ws.resume();
    expect(String((await message)[0])).toBe('early');
  });

  test("allowedOrigins: 'same' admits only pages of the requested host", async () => {
    serve(meeting, { allowedOrigins: 'same' });
    const dial = (origin: string): WebSocket =>
      meeting.dial({ client: { origin, headers: { Host: 'a.example' } } });
    expect(await outcomeOf(dial('https://a.example'))).toBe('open');
    expect(await outcomeOf(dial('https://b.example'))).toBe('Unexpected server response: 403');
  });
});
