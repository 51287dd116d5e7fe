// How connections and servers end, over each transport: by a heartbeat, a time limit, a signal, or shutdown().
import '@framewire/testing/fake-timers';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { socketPath } from '@framewire/testing';
import { WebSocket as OurWebSocket, WebSocketServer } from 'framewire';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { closed } from '../src/inbox.ts';
import { ours } from '../src/pairings.ts';
import { maskedFrame, RawPeer, upgradeRequest } from '../src/raw.ts';
import { turns } from '../src/turns.ts';
import { expectUnavailable, knock, outcomeOf, serve, slowAuthentication, ways } from './clients.ts';
import { eachTransport } from './each.ts';

eachTransport(ours, (meeting) => {
  test('heartbeat pings a silent peer in both directions, and measures the round trip', async () => {
    const options = { heartbeat: { interval: 1000 } };
    const { client, server } = await meeting.meet({ server: options, client: options });
    const answered = Promise.all([once(client, 'pong'), once(server, 'pong')]);
    vi.advanceTimersByTime(1000);
    // This is how long the pings and pongs take.
    vi.advanceTimersByTime(30);
    await answered;
    for (const { latency } of [client, server] as unknown as { latency: number }[]) {
      expect(latency).toBeCloseTo(30, 1);
    }
  });

  test.each(['client', 'server'] as const)(
    'heartbeat of the %s ends a connection whose peer does not answer',
    async (side) => {
      const options = { heartbeat: { interval: 2000, timeout: 500 } };
      const silent = { autoPong: false };
      const ends = await meeting.meet(
        side === 'client' ? { client: options, server: silent } : { client: silent, server: options },
      );
      const errors: unknown[] = [];
      ends[side].on('error', (error) => errors.push(error));
      const end = closed(ends[side]);
      vi.advanceTimersByTime(2000);
      vi.advanceTimersByTime(499);
      await turns(50);
      expect(ends[side].readyState).toBe(ends[side].OPEN);
      vi.advanceTimersByTime(1);
      expect(await end).toMatchObject({ code: 1006 });
      expect(errors).toEqual([expect.objectContaining({ code: 'WS_ERR_HEARTBEAT_TIMEOUT' })]);
    },
  );

  test.each([
    ['idleTimeout', 'client', 'server'],
    ['idleTimeout', 'server', 'client'],
    ['maxLifetime', 'client', 'server'],
    ['maxLifetime', 'server', 'client'],
  ] as const)('%s of the %s closes with 1001', async (option, side, other) => {
    const ends = await meeting.meet({ [side]: { [option]: 1000 } });
    const end = closed(ends[other]);
    // maxLifetime closes a connection up to a tenth earlier.
    vi.advanceTimersByTime(899);
    await turns(50);
    expect(ends[other].readyState).toBe(ends[other].OPEN);
    vi.advanceTimersByTime(101);
    expect(await end).toMatchObject({ code: 1001 });
  });

  test('signal ends attempts to connect, closes a client, and shuts a server down', async () => {
    const [ofAttempt, ofClient, ofServer] = [
      new AbortController(),
      new AbortController(),
      new AbortController(),
    ];
    const { waiting, authenticate } = slowAuthentication();
    const listener = serve(meeting, { signal: ofServer.signal, authenticate });
    const dial = (signal?: AbortSignal, path?: string): WebSocket =>
      meeting.dial({ ...(signal && { client: { signal } }), ...(path && { path }) });

    const early = dial(AbortSignal.abort());
    expect((await once(early, 'error'))[0]).toMatchObject({ name: 'AbortError' });
    const waiter = dial(ofAttempt.signal, '/slow');
    await waiting;
    ofAttempt.abort();
    expect((await once(waiter, 'error'))[0]).toMatchObject({ name: 'AbortError' });

    const clients = [dial(ofClient.signal), dial()] as const;
    const ends = clients.map(closed);
    await Promise.all(clients.map((client) => once(client, 'open')));
    ofClient.abort();
    expect(await ends[0]).toMatchObject({ code: 1001 });
    ofServer.abort();
    await once(listener, 'close');
    expect(await ends[1]).toMatchObject({ code: 1001 });
  });

  test('await using closes a connection, and shuts a server down', async () => {
    const listener = serve(meeting, {});
    const clients = [meeting.dial(), meeting.dial()] as const;
    const ends = clients.map(closed);
    await Promise.all(clients.map((client) => once(client, 'open')));
    await (clients[0] as WebSocket & AsyncDisposable)[Symbol.asyncDispose]();
    expect(clients[0].readyState).toBe(clients[0].CLOSED);
    await listener[Symbol.asyncDispose]();
    expect(await ends[1]).toMatchObject({ code: 1001 });
  });

  test.each(ways)(
    'shutdown() with %s refuses pending and new clients, closes those that answer, and terminates the others at timeout',
    async (_name, serveBy) => {
      const { waiting, authenticate } = slowAuthentication();
      const server = serveBy(meeting, { authenticate });
      const accepted = once(server, 'connection') as Promise<[WebSocket]>;
      const prompt = meeting.dial();
      const end = closed(prompt);
      expect(await outcomeOf(prompt)).toBe('open');
      const [ws] = await accepted;
      const left = closed(ws);
      // A client that does not answer a close frame.
      const silent = await knock(meeting);
      await silent.hearHead();
      const pending = await knock(meeting, '/slow');
      const { signal } = await waiting;

      const finished = vi.fn();
      const result = server.shutdown({ code: 1012, reason: 'update', timeout: 500, retryAfter: 2500 });
      void result.then(finished);
      expect(signal.reason).toMatchObject({ name: 'AbortError' });
      await expectUnavailable(pending, 3);
      await expectUnavailable(await knock(meeting), 3);
      expect(await end).toEqual({ code: 1012, reason: 'update' });
      await left;
      expect(await silent.hear(10)).toBe('880803f4757064617465');
      vi.advanceTimersByTime(499);
      await turns(50);
      expect(finished).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(await result).toEqual({ closed: 1, terminated: 1 });
      expect(await silent.hearAll()).toBe('');
    },
  );

  test('shutdown() spreads the close frames, refuses clients until the last has answered, and runs once', async () => {
    const server = serve(meeting, {});
    const clients: RawPeer[] = [];
    for (let i = 0; i < 4; i++) {
      const client = await knock(meeting);
      await client.hearHead();
      clients.push(client);
    }
    const results = [server.shutdown({ spread: 1000 }), server.shutdown()];
    const counts: number[] = [];
    for (let part = 0; part < 4; part++) {
      counts.push([...server.clients].filter(({ readyState }) => readyState === OurWebSocket.CLOSING).length);
      vi.advanceTimersByTime(250);
    }
    expect(counts).toEqual([1, 2, 3, 4]);
    await expectUnavailable(await knock(meeting), 1);
    for (const client of clients) {
      expect(await client.hear(4)).toBe('880203e9');
      client.say(maskedFrame('8802', '03e9'));
      client.end();
    }
    expect(await Promise.all(results)).toEqual(Array(2).fill({ closed: 4, terminated: 0 }));
  });
});

test.each<[string, () => { port: number; host?: string }]>([
  ['TCP', () => ({ port: 0, host: '127.0.0.1' })],
  // If the port is a path, Node listens on that Unix socket.
  ['a Unix socket', () => ({ port: socketPath() as unknown as number })],
])(
  'shutdown() with its own port over %s refuses pending clients, and stops listening immediately',
  async (_, at) => {
    const { waiting, authenticate } = slowAuthentication();
    const server = new WebSocketServer({ ...at(), authenticate });
    await once(server, 'listening');
    const address = server.address() as AddressInfo | string;
    const connect = (): net.Socket => {
      const socket =
        typeof address === 'string' ? net.connect(address) : net.connect(address.port, '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      return socket;
    };
    const pending = new RawPeer(connect());
    pending.say(Buffer.from(upgradeRequest('/slow')));
    await waiting;
    const result = server.shutdown({ retryAfter: 2500 });
    const [error] = (await once(connect(), 'error')) as [NodeJS.ErrnoException];
    expect(error.syscall).toBe('connect');
    await expectUnavailable(pending, 3);
    expect(await result).toEqual({ closed: 0, terminated: 0 });
  },
);
