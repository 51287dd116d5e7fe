// Servers that share an HTTP server with each other and with other listeners, distinguished by path.
import { Buffer } from 'node:buffer';
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import { WebSocketServer } from '@framewire/server';
import { WebSocket } from 'ws';
import { describe, expect, test } from 'vitest';
import {
  answerTo,
  closing,
  httpServer,
  OurWebSocketServer,
  outcomeOf,
  requestObject,
  serverOf,
  TheirWebSocketServer,
  thrown,
  upgradeRequest,
  withBoth,
} from './support/peers.ts';

describe('servers that share an HTTP server', () => {
  /** Creates servers with the given paths, sends a request for each target, and returns the answers. */
  async function shared(paths: (string | undefined)[], requests: string[]): Promise<string[]> {
    const { server, port } = await httpServer();
    const connections: string[] = [];
    for (const path of paths) {
      const wss = new OurWebSocketServer({ server, path });
      wss.on('connection', (ws) => {
        connections.push(path ?? 'any');
        ws.terminate();
      });
      closing(() => wss.close());
    }
    const answers: string[] = [];
    for (const path of requests) {
      connections.length = 0;
      const answer = await answerTo(port, upgradeRequest({}, `GET ${path} HTTP/1.1`));
      answers.push(
        [answer.split('\r\n')[0]?.slice(9, 12), answer.match(/HTTP/g)?.length, ...connections].join(' '),
      );
    }
    return answers;
  }

  test('answer the requests for their own path, each once', async () => {
    expect(await shared(['/a', '/b', '/c'], ['/a', '/b?q=/a', '/c'])).toEqual([
      '101 1 /a',
      '101 1 /b',
      '101 1 /c',
    ]);
  });

  test('refuse a request for another path once, with 400', async () => {
    expect(await shared(['/a', '/b'], ['/d', '/', '/a/'])).toEqual(['400 1', '400 1', '400 1']);
  });

  test('refuse a bad request once', async () => {
    const { server, port } = await httpServer();
    for (const path of ['/a', '/b']) new OurWebSocketServer({ server, path });
    for (const path of ['/a', '/b', '/c']) {
      const request = upgradeRequest({ 'Sec-WebSocket-Key': 'x' }, `GET ${path} HTTP/1.1`);
      const answer = await answerTo(port, request);
      expect(answer.match(/HTTP\/1\.1 400/g)).toHaveLength(1);
    }
  });

  test('emit wsClientError for a bad request once, on the server that matches or else on the first', async () => {
    const { server, port } = await httpServer();
    const emitted: string[] = [];
    for (const path of ['/a', '/b']) {
      const wss = new OurWebSocketServer({ server, path });
      wss.on('wsClientError', (_error, socket) => {
        emitted.push(path);
        socket.destroy();
      });
    }
    for (const path of ['/a', '/b', '/c']) {
      await answerTo(port, upgradeRequest({ 'Sec-WebSocket-Key': 'x' }, `GET ${path} HTTP/1.1`));
    }
    expect(emitted).toEqual(['/a', '/b', '/a']);
  });

  test('each call shouldHandle() once for a request, whichever of them answers', async () => {
    const { server, port } = await httpServer();
    const asked: string[] = [];
    class Asked extends WebSocketServer {
      override shouldHandle(request: http.IncomingMessage): boolean {
        asked.push(this.options.path ?? '');
        return super.shouldHandle(request);
      }
    }
    for (const path of ['/a', '/b', '/c']) new Asked({ server, path });
    for (const path of ['/b', '/d']) {
      await answerTo(port, upgradeRequest({}, `GET ${path} HTTP/1.1`));
      expect(asked.splice(0)).toEqual(['/a', '/b', '/c']);
    }
  });

  test('call shouldHandle() again when a request is handled again', () => {
    const wss = new WebSocketServer({ noServer: true, path: '/a' });
    const request = requestObject({}, '/a');
    for (const path of ['/a', '/b']) {
      const [client, socket] = duplexPair();
      wss.options.path = path;
      let accepted = false;
      wss.handleUpgrade(request, socket, Buffer.alloc(0), (ws) => {
        accepted = true;
        ws.terminate();
      });
      expect(accepted).toBe(path === '/a');
      client.destroy();
    }
  });

  test('may be closed one by one, and the others continue', async () => {
    const { server, url } = await httpServer();
    const [first, second] = ['/a', '/b'].map((path) => new OurWebSocketServer({ server, path }));
    first?.close();
    const ws = new WebSocket(`${url}/b`);
    expect(await outcomeOf(ws)).toBe('open ');
    const refused = new WebSocket(`${url}/a`);
    expect(await outcomeOf(refused)).toBe('Unexpected server response: 400');
    ws.terminate();
    second?.close();
  });

  test('share one listener for each event, however many servers there are', async () => {
    const { server, url } = await httpServer();
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    closing(() => process.removeListener('warning', onWarning));
    const before = ['listening', 'error', 'upgrade'].map((event) => server.listenerCount(event));
    const servers = Array.from(
      { length: 12 },
      (_, index) => new WebSocketServer({ server, path: `/${index}` }),
    );
    const emitted: string[] = [];
    for (const [index, wss] of servers.entries()) {
      wss.on('listening', () => emitted.push(`listening ${index}`));
      wss.on('error', ({ message }) => emitted.push(`${message} ${index}`));
    }
    const ws = new WebSocket(`${url}/11`);
    expect(await outcomeOf(ws)).toBe('open ');
    ws.terminate();
    server.emit('listening');
    server.emit('error', new Error('failed'));
    const twelve = [...servers.keys()];
    expect(emitted).toEqual([
      ...twelve.map((index) => `listening ${index}`),
      ...twelve.map((index) => `failed ${index}`),
    ]);
    // A warning is emitted in the next tick.
    await new Promise(setImmediate);
    expect(warnings).toEqual([]);
    for (const wss of servers) wss.close();
    expect(['listening', 'error', 'upgrade'].map((event) => server.listenerCount(event))).toEqual(before);
  });

  test('answer although the program has removed the listeners of the first one', async () => {
    const { server, port } = await httpServer();
    const first = new OurWebSocketServer({ server, path: '/a' });
    server.removeAllListeners('upgrade');
    const second = new OurWebSocketServer({ server, path: '/b' });
    closing(() => [first, second].forEach((each) => each.close()));
    second.on('connection', (ws) => ws.terminate());
    expect(await answerTo(port, upgradeRequest({}, 'GET /b HTTP/1.1'))).toMatch(/^HTTP\/1\.1 101 /);
  });

  test('throw the error of ws if two servers with the same path accept a request', async () => {
    const text = 'server.handleUpgrade() was called more than once with the same socket';
    await withBoth(async (Server) => {
      const server = http.createServer();
      for (const path of ['/a', '/a']) new Server({ server, path });
      const [near, far] = await socketPair();
      const error = thrown(() => server.emit('upgrade', requestObject({}, '/a'), near, Buffer.alloc(0)));
      expect(error).toContain(text);
      near.destroy();
      far.destroy();
      return [error];
    });
  });
});

describe('another upgrade listener on the HTTP server', () => {
  type OtherListener = (request: http.IncomingMessage, socket: Duplex, head: Buffer) => unknown;

  async function withListener(
    listener: OtherListener,
    { first = false, handshakeTimeout = 0, paths = ['/ours'] } = {},
  ): Promise<{ port: number; url: string; served: string[] }> {
    const { server, port, url } = await httpServer();
    const served: string[] = [];
    if (first) server.on('upgrade', listener);
    for (const path of paths) {
      const wss = new WebSocketServer({ server, path, handshakeTimeout });
      wss.on('connection', (ws) => {
        served.push(path);
        ws.terminate();
      });
      closing(() => wss.close());
    }
    if (!first) server.on('upgrade', listener);
    return { port, url, served };
  }

  /** Accepts requests for `/theirs`, one turn of the event loop later, as after a database query. */
  function accepting(theirs: WebSocketServer): OtherListener {
    return (request, socket, head) => {
      if (request.url !== '/theirs') return;
      setImmediate(() => {
        theirs.handleUpgrade(request, socket, head, (ws) => {
          expect(socket.listenerCount('error')).toBe(1);
          ws.send('theirs');
        });
      });
    };
  }

  test.each([
    [true, ['/ours']],
    [false, ['/ours']],
    [true, ['/ours', '/ours too']],
    [false, ['/ours', '/ours too']],
  ])(
    '(added first: %s) answers requests for its own path, and leaves those for %j to our servers',
    async (first, paths) => {
      const { url, served } = await withListener(accepting(new WebSocketServer({ noServer: true })), {
        first,
        paths,
      });
      const theirs = new WebSocket(`${url}/theirs`);
      const [message] = (await once(theirs, 'message')) as [Buffer];
      expect(message.toString()).toBe('theirs');
      theirs.terminate();
      const ours = new WebSocket(`${url}/ours`);
      expect(await outcomeOf(ours)).toBe('open ');
      expect(served).toEqual(['/ours']);
      ours.terminate();
    },
  );

  test('may be a server of ws, which refuses other paths itself', async () => {
    const { server, port } = await httpServer();
    const wss = new WebSocketServer({ server, path: '/ours' });
    const theirs = new TheirWebSocketServer({ server, path: '/theirs' });
    closing(() => [wss, theirs].forEach((each) => each.close()));
    const answer = await answerTo(port, upgradeRequest({}, 'GET /theirs HTTP/1.1'));
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  test('that does not answer: our server refuses the client with 400 after handshakeTimeout', async () => {
    const { port } = await withListener(() => {}, { handshakeTimeout: 1 });
    expect(await answerTo(port, upgradeRequest({}, 'GET /nobody HTTP/1.1'))).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each([true, false])('(added first: %s) that has answered keeps its client', async (first) => {
    const { port } = await withListener(
      (_request, socket) => {
        // The server cannot see what this one has written before. It sees that this one reads.
        if (first) socket.resume();
        socket.write('HTTP/1.1 101 Switching Protocols\r\n');
        // The time limit of one millisecond was set before this timer, so it passes first.
        setTimeout(() => socket.end('Upgrade: other\r\n\r\n'), 20);
      },
      { first, handshakeTimeout: 1 },
    );
    expect(await answerTo(port, upgradeRequest({}, 'GET /theirs HTTP/1.1'))).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\n\r\n',
    );
  });

  test('that ignores the request: a reset by the client causes no uncaught exception', async () => {
    const left = new EventEmitter();
    const { port } = await withListener((_request, socket) => left.emit('socket', socket));
    const client = net.connect(port, '127.0.0.1');
    client.write(upgradeRequest({}, 'GET /nobody HTTP/1.1'));
    const [socket] = (await once(left, 'socket')) as [Duplex];
    // Not `once()` of node:events, because it adds a listener of `error`, and the test expects that none is needed.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    client.resetAndDestroy();
    await closed;
    expect(socket.errored).toMatchObject({ code: 'ECONNRESET' });
  });

  test("is not assumed on the server's own port, where the server refuses immediately", async () => {
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/ours', handshakeTimeout: 0 });
    closing(() => wss.close());
    await once(wss, 'listening');
    const { port } = wss.address() as AddressInfo;
    expect(await answerTo(port, upgradeRequest({}, 'GET /nobody HTTP/1.1'))).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('the path of a request', () => {
  test.each([
    ['/chat', true],
    ['/chat?room=1', true],
    ['http://localhost/chat', true],
    ['HTTP://user@localhost:80/chat?room=1', true],
    ['ws://localhost/chat', true],
    ['http://localhost/', false],
    ['http://localhost', false],
    ['http://localhost/?/chat', false],
    ['http://localhost/chat/', false],
    ['*', false],
  ])('%s is compared in both forms of a target', async (target, isServed) => {
    const { port } = await serverOf(OurWebSocketServer, { path: '/chat' });
    const answer = await answerTo(port, upgradeRequest({}, `GET ${target} HTTP/1.1`));
    expect(answer.startsWith('HTTP/1.1 101')).toBe(isServed);
  });
});

/** The two ends of a TCP connection. */
async function socketPair(): Promise<[net.Socket, net.Socket]> {
  const listener = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection') as Promise<[net.Socket]>;
  const near = net.connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const [[far]] = await Promise.all([accepted, once(near, 'connect')]);
  listener.close();
  return [near, far];
}
