// A server from creation to close: its options, its address, its clients, and `close()`.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { socketPath, testCertificate } from '@framewire/testing';
import { WebSocket, type RawData } from 'ws';
import { describe, expect, test } from 'vitest';
import {
  closing,
  httpServer,
  OurWebSocketServer,
  outcomeOf,
  serverOf,
  thrown,
  upgradeRequest,
  answerTo,
  withBoth,
  type Server,
  type ServerClass,
} from './support/peers.ts';

/** A server that listens on its own port. */
async function ownServer(Server: ServerClass, options: object = {}): Promise<{ wss: Server; url: string }> {
  const wss = new Server({ port: 0, host: '127.0.0.1', ...options });
  closing(() => {
    for (const ws of wss.clients ?? []) ws.terminate();
    wss.close();
  });
  await once(wss, 'listening');
  return { wss, url: `ws://127.0.0.1:${(wss.address() as AddressInfo).port}` };
}

/** An open client of ws, and the server's connection to it. */
async function connected(wss: Server, url: string): Promise<{ client: WebSocket; ws: WebSocket }> {
  const connection = once(wss, 'connection') as Promise<[WebSocket]>;
  const client = new WebSocket(url);
  client.on('error', () => {});
  closing(() => client.terminate());
  const [[ws]] = await Promise.all([connection, once(client, 'open')]);
  return { client, ws };
}

describe('the source of requests', () => {
  const server = http.createServer();

  test.each<{ title: string; options: unknown }>([
    { title: 'no options', options: undefined },
    { title: 'nothing', options: {} },
    { title: 'null and undefined', options: { port: null, server: undefined, noServer: false } },
    { title: 'a port and noServer', options: { port: 0, noServer: true } },
    { title: 'a port and a server', options: { port: 0, server } },
    { title: 'a server and noServer', options: { server, noServer: true } },
    { title: 'all three', options: { port: 0, server, noServer: true } },
    { title: 'a path alone', options: { path: '/a' } },
  ])('is rejected when it is $title: a TypeError with the message of ws', async ({ options }) => {
    const [text] = await withBoth((Server) => [thrown(() => new Server(options as object))]);
    expect(text).toMatch(/^TypeError: One and only one of the "port", "server", or "noServer" options/);
  });

  test.each<{ title: string; options: object }>([
    { title: 'a server', options: { server, port: null } },
    { title: 'noServer', options: { noServer: true, port: undefined, server: null } },
  ])('may be $title if the others are unset', ({ options }) => {
    expect(thrown(() => new OurWebSocketServer(options))).toBe('nothing');
  });

  test('its own port: emits listening and calls the callback', async () => {
    await withBoth(async (Server) => {
      const log: string[] = [];
      await new Promise<void>((resolve) => {
        const wss = new Server({ port: 0, host: '127.0.0.1', backlog: 5 }, () => {
          log.push('callback');
          setImmediate(() => wss.close(() => resolve()));
        });
        wss.on('listening', () => log.push('listening'));
      });
      return log;
    });
  });

  test('a port in use: emits error', async () => {
    const { port } = await httpServer();
    await withBoth(async (Server) => {
      const wss = new Server({ port, host: '127.0.0.1' });
      const [error] = (await once(wss, 'error')) as [NodeJS.ErrnoException];
      return [String(error.code)];
    });
  });

  test('an HTTP server: re-emits its listening and error until the WebSocket server is closed', async () => {
    await withBoth(async (Server) => {
      const server = http.createServer();
      closing(() => server.close());
      const log: string[] = [];
      const wss = new Server({ server });
      wss.on('listening', () => log.push('listening'));
      wss.on('error', (error) => log.push(error.message));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      server.emit('error', new Error('of the server'));
      wss.close();
      server.on('error', () => log.push('only the server'));
      server.emit('error', new Error('of the server'));
      return [
        ...log,
        ...['listening', 'upgrade', 'error'].map((event) => String(server.listenerCount(event))),
      ];
    });
  });

  test('an HTTPS server', async () => {
    const certificate = await testCertificate();
    const { server, port } = await httpServer(https.createServer(certificate));
    const secure: unknown[] = [];
    const verifyClient = (info: { secure: boolean }): boolean => {
      secure.push(info.secure);
      return true;
    };
    new OurWebSocketServer({ server, verifyClient });
    const ws = new WebSocket(`wss://127.0.0.1:${port}`, { ca: certificate.cert });
    expect(await outcomeOf(ws)).toBe('open ');
    expect(secure).toEqual([true]);
    ws.terminate();
  });
});

describe('address()', () => {
  test('returns the address of the HTTP server, and null after close', async () => {
    await withBoth(async (Server) => {
      const { wss } = await ownServer(Server);
      const { family, address } = wss.address() as AddressInfo;
      wss.close();
      return [family, address, String(wss.address())];
    });
  });

  test('returns null before the HTTP server listens', async () => {
    await withBoth((Server) => [String(new Server({ server: http.createServer() }).address())]);
  });

  test('returns the path of a Unix socket', async () => {
    const path = socketPath();
    const server = http.createServer();
    const wss = new OurWebSocketServer({ server });
    server.listen(path);
    closing(() => server.close());
    await once(wss, 'listening');
    expect(wss.address()).toBe(path);
  });

  test('throws the error of ws with noServer', async () => {
    const [text] = await withBoth((Server) => [thrown(() => new Server({ noServer: true }).address())]);
    expect(text).toBe('Error: The server is operating in "noServer" mode');
  });
});

describe('clients', () => {
  test('contains the open connections', async () => {
    const { wss, url } = await ownServer(OurWebSocketServer);
    const first = await connected(wss, url);
    const second = await connected(wss, url);
    expect([...wss.clients]).toEqual([first.ws, second.ws]);
    const gone = once(first.ws, 'close');
    first.client.close();
    await gone;
    expect([...wss.clients]).toEqual([second.ws]);
  });

  test('contains a connection from its connection event until its close event', async () => {
    await withBoth(async (Server) => {
      const { wss, url } = await ownServer(Server);
      const log: string[] = [];
      wss.on('connection', (ws) => {
        log.push(`connection ${wss.clients.has(ws)}`);
        ws.on('close', () => log.push(`close ${wss.clients.has(ws)}`));
      });
      const { client, ws } = await connected(wss, url);
      const gone = once(ws, 'close');
      client.terminate();
      await gone;
      return log;
    });
  });

  test('is missing without clientTracking', async () => {
    await withBoth(async (Server) => {
      const { wss, url } = await ownServer(Server, { clientTracking: false });
      const { ws } = await connected(wss, url);
      const log = [String('clients' in wss && wss.clients !== undefined)];
      ws.terminate();
      await new Promise<void>((resolve) => wss.close(() => resolve()));
      return log;
    });
  });
});

/** Records what a server emits while it closes. */
function watch(wss: Server): string[] {
  const log: string[] = [];
  wss.on('close', () => log.push('close'));
  return log;
}

describe('close()', () => {
  test('on its own port: finishes after the last connection, and calls back', async () => {
    await withBoth(async (Server) => {
      const { wss, url } = await ownServer(Server);
      const { client, ws } = await connected(wss, url);
      const log = watch(wss);
      const closed = new Promise<void>((resolve) => {
        wss.close((error) => {
          log.push(`callback ${String(error)}`);
          resolve();
        });
      });
      log.push('after close()');
      ws.on('message', (data: RawData) => {
        log.push(`still open: ${(data as Buffer).toString()}`);
        ws.close();
      });
      client.send('hello');
      await closed;
      return log;
    });
  });

  test('stops listening: a new connection is refused', async () => {
    const { wss, url } = await ownServer(OurWebSocketServer);
    await new Promise<void>((resolve) => wss.close(() => resolve()));
    expect(await outcomeOf(new WebSocket(url))).toMatch(/ECONNREFUSED/);
  });

  test('on an HTTP server: leaves it open, and emits close after the last client has disconnected', async () => {
    await withBoth(async (Server) => {
      const { wss, server, url } = await serverOf(Server);
      const { client, ws } = await connected(wss, url);
      const log = watch(wss);
      ws.on('close', () => log.push('client gone'));
      wss.close();
      await new Promise(setImmediate);
      log.push(`listening ${server.listening}`);
      const closed = once(wss, 'close');
      client.terminate();
      await closed;
      return log;
    });
  });

  test.each<{ title: string; options: object }>([
    { title: 'without clients', options: {} },
    { title: 'without clientTracking', options: { clientTracking: false } },
  ])('with noServer $title: emits close in the next tick', async ({ options }) => {
    await withBoth(async (Server) => {
      const wss = new Server({ noServer: true, ...options });
      const log = watch(wss);
      wss.close(() => log.push('callback'));
      log.push('after close()');
      await new Promise(process.nextTick);
      return log;
    });
  });

  test('called twice before the server is closed: calls both callbacks, without an error', async () => {
    await withBoth(async (Server) => {
      const wss = new Server({ noServer: true });
      const log = watch(wss);
      for (const name of ['first', 'second']) wss.close((error) => log.push(`${name} ${String(error)}`));
      await new Promise(setImmediate);
      return log;
    });
  });

  test('called after the server is closed: calls back with the error of ws', async () => {
    const log = await withBoth(async (Server) => {
      const { wss } = await ownServer(Server);
      await new Promise<void>((resolve) => wss.close(() => resolve()));
      const log = watch(wss);
      const called = new Promise<void>((resolve) => {
        wss.close((error) => {
          log.push(String(error));
          resolve();
        });
      });
      await called;
      wss.close();
      await new Promise(setImmediate);
      return log;
    });
    expect(log).toContain('Error: The server is not running');
  });

  test('called while a client is being verified: refuses it with 503', async () => {
    const [text] = await withBoth(async (Server) => {
      const { wss, port } = await serverOf(Server, {
        verifyClient(_info, callback) {
          wss.close();
          callback(true);
        },
      });
      return [await answerTo(port, upgradeRequest())];
    });
    expect(text).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
  });

  test('makes handleUpgrade() refuse requests with 503', async () => {
    const { server, port } = await httpServer();
    await withBoth(async (Server) => {
      const wss = new Server({ noServer: true });
      server.removeAllListeners('upgrade');
      server.on('upgrade', (request: http.IncomingMessage, socket, head) => {
        wss.handleUpgrade(request, socket, head, () => expect.fail('accepted'));
      });
      wss.close();
      return [await answerTo(port, upgradeRequest())];
    });
  });
});

describe('a connection', () => {
  test.each(['', 'close'])(
    'is removed from `clients` when it closes, even after removeAllListeners(%s)',
    async (event) => {
      const { wss, url } = await serverOf(OurWebSocketServer);
      const upgraded = once(wss, 'headers') as Promise<[string[], http.IncomingMessage]>;
      const { client, ws } = await connected(wss, url);
      const [, { socket }] = await upgraded;
      expect(wss.clients.size).toBe(1);
      if (event === '') ws.removeAllListeners();
      else ws.removeAllListeners(event);
      const closed = once(socket, 'close');
      client.terminate();
      await closed;
      await new Promise(setImmediate);
      expect(wss.clients.size).toBe(0);
      // The server emits `close` only after its last client has left.
      const done = once(wss, 'close');
      wss.close();
      await done;
    },
  );

  test('is removed from `clients` before its first listener of close is called', async () => {
    const sizes = await withBoth(async (Server) => {
      const { wss, url } = await serverOf(Server);
      const { client, ws } = await connected(wss, url);
      const size = new Promise<string>((resolve) => {
        ws.on('close', () => resolve(String(wss.clients.size)));
      });
      client.terminate();
      return [await size];
    });
    expect(sizes).toEqual(['0']);
  });
});

test('a port that is a string with a path listens on that Unix socket', async () => {
  const path = socketPath();
  const wss = new OurWebSocketServer({ port: path as unknown as number });
  await once(wss, 'listening');
  expect(wss.address()).toBe(path);
  const client = new WebSocket(`ws+unix:${path}`);
  await once(client, 'open');
  client.terminate();
  wss.close();
  await once(wss, 'close');
});
