// Options that only our server has, over each transport: authentication, limits, heartbeat and shutdown.
import { once } from 'node:events';
import { UpgradeRefusal, type WebSocketServer } from 'framewire';
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import type { Meeting } from '../src/meeting.ts';
import { ours } from '../src/pairings.ts';
import { eachTransport } from './each.ts';

/** A server with options that the types of ws lack. */
function serve(meeting: Meeting, options: object): WebSocketServer {
  return meeting.serve(options) as unknown as WebSocketServer;
}

/** The outcome of an attempt: `open`, or the message of its error. */
async function outcomeOf(ws: WebSocket): Promise<string> {
  return new Promise((resolve) => {
    ws.on('open', () => resolve('open')).on('error', ({ message }) => resolve(message));
  });
}

eachTransport(ours, (meeting) => {
  test('authenticate identifies a client, or refuses it', async () => {
    const server = serve(meeting, {
      async authenticate({ url = '' }: { url?: string }) {
        await Promise.resolve();
        if (url === '/stranger') throw new UpgradeRefusal(401);
        return url.slice(1);
      },
    });
    const connected = once(server, 'connection');
    const ada = meeting.dial({ path: '/ada' });
    expect(await outcomeOf(ada)).toBe('open');
    expect((await connected)[2]).toBe('ada');
    // The socket is read again after the wait.
    const [ws] = (await connected) as [WebSocket];
    ada.send('hello');
    expect(String((await once(ws, 'message'))[0])).toBe('hello');
    expect(await outcomeOf(meeting.dial({ path: '/stranger' }))).toBe('Unexpected server response: 401');
  });

  test('maxConnections and connectionsPerClient refuse clients above the limits', async () => {
    const client = ({ url = '' }: { url?: string }): string => url;
    serve(meeting, { maxConnections: 2, connectionsPerClient: { limit: 1, client } });
    expect(await outcomeOf(meeting.dial({ path: '/a' }))).toBe('open');
    expect(await outcomeOf(meeting.dial({ path: '/a' }))).toBe('Unexpected server response: 429');
    expect(await outcomeOf(meeting.dial({ path: '/b' }))).toBe('open');
    expect(await outcomeOf(meeting.dial({ path: '/c' }))).toBe('Unexpected server response: 503');
  });

  test('pauseOnConnect loses nothing', async () => {
    const server = serve(meeting, { pauseOnConnect: true });
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const client = meeting.dial();
    await once(client, 'open');
    const [ws] = await connected;
    client.send('early');
    await new Promise((resolve) => setImmediate(resolve));
    const message = once(ws, 'message');
    ws.resume();
    expect(String((await message)[0])).toBe('early');
  });

  test('heartbeat pings a silent peer in both directions, and measures the round trip', async () => {
    const options = { heartbeat: { interval: 20 } };
    const { client, server } = await meeting.meet({ server: options, client: options });
    await Promise.all([once(client, 'pong'), once(server, 'pong')]);
    for (const { latency } of [client, server] as unknown as { latency: number }[]) {
      expect(latency).toBeGreaterThanOrEqual(0);
    }
  });

  test('a client that leaves while authenticate is pending gives up its place, and the signal aborts', async () => {
    let aborted = (): void => undefined;
    const left = new Promise<void>((resolve) => (aborted = resolve));
    let asked = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (asked = resolve));
    serve(meeting, {
      maxConnections: 1,
      authenticate({ url }: { url?: string }, { signal }: { signal: AbortSignal }) {
        if (url !== '/slow') return 'known';
        signal.addEventListener('abort', aborted);
        asked();
        return new Promise(() => {});
      },
    });
    const slow = meeting.dial({ path: '/slow' });
    slow.on('error', () => {});
    await waiting;
    expect(await outcomeOf(meeting.dial())).toBe('Unexpected server response: 503');
    slow.terminate();
    await left;
    // The place is free when the socket has closed.
    await expect.poll(() => outcomeOf(meeting.dial())).toBe('open');
  });

  test("allowedOrigins: 'same' admits pages of the requested host alone", async () => {
    serve(meeting, { allowedOrigins: 'same' });
    const dial = (origin: string): WebSocket =>
      meeting.dial({ client: { origin, headers: { Host: 'a.example' } } });
    expect(await outcomeOf(dial('https://a.example'))).toBe('open');
    expect(await outcomeOf(dial('https://b.example'))).toBe('Unexpected server response: 403');
  });

  test('heartbeat ends a connection to a peer that does not answer', async () => {
    const options = { heartbeat: { interval: 20, timeout: 20 } };
    const { server } = await meeting.meet({ server: options, client: { autoPong: false } });
    // Not `once()`, which would reject on the error.
    const closed = new Promise((resolve) => server.once('close', resolve));
    const [error] = (await once(server, 'error')) as [Error];
    expect(error).toMatchObject({ code: 'WS_ERR_HEARTBEAT_TIMEOUT' });
    expect(await closed).toBe(1006);
  });

  test('signal ends an attempt to connect, closes a client, and shuts a server down', async () => {
    const early = meeting.dial({ client: { signal: AbortSignal.abort() } });
    expect((await once(early, 'error'))[0]).toMatchObject({ name: 'AbortError' });
    const ofClient = new AbortController();
    const ofServer = new AbortController();
    const listener = serve(meeting, { signal: ofServer.signal });
    const clients = [meeting.dial({ client: { signal: ofClient.signal } }), meeting.dial()];
    await Promise.all(clients.map((client) => once(client, 'open')));
    const closed = clients.map(async (client) => (await once(client, 'close'))[0] as number);
    ofClient.abort();
    expect(await closed[0]).toBe(1001);
    ofServer.abort();
    await once(listener, 'close');
    expect(await closed[1]).toBe(1001);
  });

  test('await using closes a connection, and shuts a server down', async () => {
    const listener = serve(meeting, {});
    const clients = [meeting.dial(), meeting.dial()] as [WebSocket, WebSocket];
    await Promise.all(clients.map((client) => once(client, 'open')));
    const closed = clients.map(async (client) => (await once(client, 'close'))[0] as number);
    await (clients[0] as WebSocket & AsyncDisposable)[Symbol.asyncDispose]();
    expect(clients[0].readyState).toBe(clients[0].CLOSED);
    await listener[Symbol.asyncDispose]();
    expect((await Promise.all(closed))[1]).toBe(1001);
  });

  test.each([{ idleTimeout: 20 }, { maxLifetime: 20 }])('%j closes with 1001', async (options) => {
    const { client } = await meeting.meet({ server: options });
    expect((await once(client, 'close'))[0]).toBe(1001);
  });

  test('shutdown() closes all connections with 1001 and refuses others', async () => {
    const server = serve(meeting, {});
    const clients = [meeting.dial(), meeting.dial()];
    await Promise.all(clients.map((client) => once(client, 'open')));
    const codes = Promise.all(clients.map(async (client) => (await once(client, 'close'))[0] as number));
    // It continues until both have answered.
    clients[0]?.pause();
    const result = server.shutdown({ spread: 10 }) as Promise<unknown>;
    expect(await outcomeOf(meeting.dial())).toBe('Unexpected server response: 503');
    clients[0]?.resume();
    expect(await codes).toEqual([1001, 1001]);
    expect(await result).toEqual({ closed: 2, terminated: 0 });
  });
});
