// The outcomes of an opening handshake: opened, rejected, invalid, failed, timed out, aborted. The events are those of ws.
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type net from 'node:net';
import { describe, expect, test } from 'vitest';
import { WebSocket } from '@framewire/client';
import { OurWebSocket, record, withBoth, type Client } from './support/recorder.ts';
import { httpServer, rawServer, switching, wsServer } from './support/servers.ts';

const PLAIN = { perMessageDeflate: false };

/** An unmasked text frame, as a server sends it. */
function textFrame(text: string): string {
  return `\x81${String.fromCharCode(text.length)}${text}`;
}

/** The log of a client whose request gets this answer. */
async function answeredWith(
  answer: (head: string) => string,
  protocols: string[] = [],
  options: object = {},
): Promise<string[]> {
  const { url } = await rawServer((head, socket) => socket.write(answer(head), 'latin1'));
  return withBoth((Client) => {
    const ws = new Client(url, protocols, { ...PLAIN, ...options });
    const { closed } = record(ws);
    ws.on('open', () => ws.terminate());
    return closed;
  });
}

describe('a connection that opens', () => {
  test('emits upgrade while connecting, then open with the subprotocol', async () => {
    const { url } = await wsServer({ handleProtocols: () => 'b' });
    const log = await withBoth((Client) => {
      const ws = new Client(url, ['a', 'b'], PLAIN);
      const { closed } = record(ws);
      ws.on('open', () => ws.close(1000, 'done'));
      return closed;
    });
    expect(log).toEqual([
      'upgrade 101 [CONNECTING]',
      'open protocol=b extensions= [OPEN]',
      'close 1000 done [CLOSED]',
    ]);
  });

  test('delivers the messages in the same segment as the 101', async () => {
    const { url } = await rawServer((head, socket) => {
      socket.write(`${switching(head) + textFrame('one') + textFrame('two')}\x88\x02\x03\xe8`, 'latin1');
    });
    const log = await withBoth((Client) => record(new Client(url, PLAIN)).closed);
    expect(log.slice(1)).toEqual([
      'open protocol= extensions= [OPEN]',
      'message one false [OPEN]',
      'message two false [OPEN]',
      'close 1000  [CLOSED]',
    ]);
  });

  test('delivers a message whose frame is split at the end of that segment', async () => {
    const { url } = await rawServer((head, socket) => {
      socket.setNoDelay();
      socket.write(switching(head) + textFrame('whole').slice(0, 3), 'latin1', () => {
        socket.write(`${textFrame('whole').slice(3)}\x88\x00`, 'latin1');
      });
    });
    const log = await withBoth((Client) => record(new Client(url, PLAIN)).closed);
    expect(log).toContain('message whole false [OPEN]');
  });

  test('parses a 101 that arrives byte by byte', async () => {
    const { url } = await rawServer((head, socket) => {
      socket.setNoDelay();
      const bytes = Array.from(`${switching(head)}\x88\x00`);
      const next = (): void => {
        const byte = bytes.shift();
        if (byte !== undefined) socket.write(byte, 'latin1', () => setImmediate(next));
      };
      next();
    });
    const log = await withBoth((Client) => record(new Client(url, PLAIN)).closed);
    expect(log.at(-1)).toBe('close 1005  [CLOSED]');
  });

  test('null creates a WebSocket that does not connect', () => {
    const ws = new WebSocket(null);
    expect([ws.readyState, ws.url]).toEqual([WebSocket.CONNECTING, undefined]);
    expect(Object.keys(Object.getOwnPropertyDescriptors(WebSocket.prototype))).toContain('url');
    ws.on('error', () => {});
    ws.close();
  });
});

describe('an invalid response', () => {
  const without = (name: string) => (head: string) =>
    switching(head)
      .split('\r\n')
      .filter((line) => !line.startsWith(name))
      .join('\r\n');

  test.each<[title: string, answer: (head: string) => string]>([
    ['no Upgrade', without('Upgrade')],
    ['another Upgrade', (head) => switching(head).replace('websocket', 'h2c')],
    ['two upgrades', (head) => switching(head).replace('websocket', 'websocket, h2c')],
    ['no Connection', without('Connection')],
    ['no Sec-WebSocket-Accept', without('Sec-WebSocket-Accept')],
    ['another accept value', (head) => switching(head).replace(/(Accept: )./, '$1!')],
    ['an accept value in another case', (head) => switching(head).replace(/(Accept: )(.*)/, swapCase)],
    ['a subprotocol that was not requested', (head) => switching(head, 'Sec-WebSocket-Protocol: a')],
    ['an extension that was not requested', (head) => switching(head, 'Sec-WebSocket-Extensions: x')],
    ['a response that is not HTTP', () => 'SSH-2.0-x\r\n\r\n'],
    ['HTTP without a status', () => 'HTTP/1.1\r\n\r\n'],
  ])('%s fails the connection, as in ws', async (_title, answer) => {
    const log = await answeredWith(answer);
    expect(log.at(-2)).toMatch(/^error Error: .* \[CLOSING\]$/);
    expect(log.at(-1)).toBe('close 1006  [CLOSED]');
  });

  test.each<[title: string, answer: (head: string) => string]>([
    ['none', (head) => switching(head)],
    ['another one', (head) => switching(head, 'Sec-WebSocket-Protocol: c')],
    ['one in another case', (head) => switching(head, 'Sec-WebSocket-Protocol: A')],
    ['two', (head) => switching(head, 'Sec-WebSocket-Protocol: a, b')],
  ])('after a request for subprotocols, %s fails the connection', async (_title, answer) => {
    expect((await answeredWith(answer, ['a', 'b'])).at(-2)).toMatch(/subprotocol \[CLOSING\]$/);
  });

  // ws fails the connection with "none was requested".
  test('an empty subprotocol counts as none, and opens a connection that requested none', async () => {
    const { url } = await rawServer((head, socket) =>
      socket.write(switching(head, 'Sec-WebSocket-Protocol:')),
    );
    const ws = new WebSocket(url);
    await once(ws, 'open');
    expect(ws.protocol).toBe('');
    ws.terminate();
    const asking = new WebSocket(url, ['a']);
    const [error] = (await once(asking, 'error')) as [Error & { code: string }];
    expect(error.code).toBe('WS_ERR_MISSING_SUBPROTOCOL');
  });

  test('the case of the token websocket is ignored, and so are other tokens in Connection', async () => {
    const log = await answeredWith((head) =>
      switching(head).replace('websocket', 'WebSocket').replace(': Upgrade', ': keep-alive, UPGRADE'),
    );
    expect(log[1]).toMatch(/^open/);
  });

  test('the error has the code of the broken rule', async () => {
    const { url } = await rawServer((head, socket) =>
      socket.write(switching(head, 'Sec-WebSocket-Protocol: a')),
    );
    const ws = new WebSocket(url);
    const [error] = (await once(ws, 'error')) as [Error & { code: string }];
    expect(error.code).toBe('WS_ERR_UNREQUESTED_SUBPROTOCOL');
  });

  test('the connection is destroyed', async () => {
    let end: Promise<unknown> | undefined;
    const { url } = await rawServer((_head, socket) => {
      end = once(socket, 'close');
      socket.resume();
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n');
    });
    const ws = new OurWebSocket(url);
    await record(ws).closed;
    await end;
  });
});

describe('a rejection', () => {
  test.each([200, 204, 301, 400, 401, 404, 426, 500, 503])(
    'with the status %d is an error that names it',
    async (status) => {
      const { url } = await httpServer((_request, response) => {
        response.writeHead(status, { Location: '/elsewhere' }).end();
      });
      const log = await withBoth((Client) => record(new Client(url)).closed);
      expect(log).toEqual([
        `error Error: Unexpected server response: ${status} [CLOSING]`,
        'close 1006  [CLOSED]',
      ]);
    },
  );

  test('has the code of the broken rule', async () => {
    const { url } = await httpServer((_request, response) => response.writeHead(401).end());
    const [error] = (await once(new OurWebSocket(url), 'error')) as [Error];
    expect(error).toMatchObject({ code: 'WS_ERR_UNEXPECTED_RESPONSE' });
  });

  test('by a server of ws is reported as in ws', async () => {
    const { url } = await wsServer({ verifyClient: () => false });
    const log = await withBoth((Client) => record(new Client(url)).closed);
    expect(log[0]).toBe('error Error: Unexpected server response: 401 [CLOSING]');
  });

  test('ends the attempt without waiting for the rest of the body', async () => {
    const { url } = await httpServer((_request, response) => {
      response.writeHead(500);
      response.write('x'.repeat(100_000));
    });
    const log = await withBoth((Client) => record(new Client(url)).closed);
    expect(log).toHaveLength(2);
  });

  test('is left to a listener of unexpected-response, which reads it and ends the attempt', async () => {
    const { url } = await httpServer((_request, response) => response.writeHead(403).end('go away'));
    const log = await withBoth(async (Client) => {
      const ws = new Client(url);
      const { closed, log } = record(ws, 'unexpected-response');
      ws.on('unexpected-response', (request: ClientRequest, response: IncomingMessage) => {
        log.push(`${request.constructor.name} ${response.constructor.name}`);
        response.setEncoding('utf8').on('data', (body) => log.push(`body ${body}`));
        response.on('end', () => ws.close());
      });
      return closed;
    });
    expect(log).toEqual([
      'unexpected-response 403 [CONNECTING]',
      'ClientRequest IncomingMessage',
      'body go away',
      'error Error: WebSocket was closed before the connection was established [CLOSING]',
      'close 1006  [CLOSED]',
    ]);
  });

  test('is reported once when a listener destroys the request and calls terminate()', async () => {
    const { url } = await httpServer((_request, response) => response.writeHead(403).end('go away'));
    await withBoth((Client) => {
      const ws = new Client(url);
      const { closed } = record(ws, 'unexpected-response');
      ws.on('unexpected-response', (request: ClientRequest) => {
        request.destroy();
        ws.terminate();
      });
      return closed;
    });
  });
});

describe('a connection that fails', () => {
  test('because no server listens', async () => {
    const log = await withBoth((Client) => record(new Client('ws://127.0.0.1:1')).closed);
    expect(log).toEqual(['error Error: connect ECONNREFUSED HOST [CLOSING]', 'close 1006  [CLOSED]']);
  });

  test('because the server hangs up before its answer or in the middle of it', async () => {
    for (const part of ['', 'HTTP/1.1 101 Switching Protocols\r\nUpgr']) {
      const { url } = await rawServer((_head, socket) => socket.end(part));
      const log = await withBoth((Client) => record(new Client(url)).closed);
      expect(log[0]).toMatch(/^error Error: /);
      expect(log[1]).toBe('close 1006  [CLOSED]');
    }
  });

  test('because the server resets it', async () => {
    const { url } = await rawServer((_head, socket) => socket.resetAndDestroy());
    const log = await withBoth((Client) => record(new Client(url)).closed);
    expect(log[0]).toMatch(/ECONNRESET|hang up/);
  });

  test('directly after the 101 emits open, and then close with 1006', async () => {
    const { url } = await rawServer((head, socket) => socket.end(switching(head)));
    const log = await withBoth((Client) => record(new Client(url, PLAIN)).closed);
    expect(log.slice(1)).toEqual(['open protocol= extensions= [OPEN]', 'close 1006  [CLOSED]']);
  });

  test('because of an AbortSignal', async () => {
    const { url } = await rawServer(() => {});
    const log = await withBoth((Client) => {
      const controller = new AbortController();
      const ws = new Client(url, {
        signal: controller.signal,
        finishRequest(request: ClientRequest) {
          request.end(() => controller.abort());
        },
      });
      return record(ws).closed;
    });
    expect(log[0]).toMatch(/^error AbortError/);
  });

  test('because the signal was already aborted', async () => {
    let requests = 0;
    const { url } = await rawServer(() => requests++);
    await withBoth((Client) => record(new Client(url, { signal: AbortSignal.abort() })).closed);
    expect(requests).toBe(0);
  });
});

describe('handshakeTimeout', () => {
  const TIMED_OUT = ['error Error: Opening handshake has timed out [CLOSING]', 'close 1006  [CLOSED]'];

  test('ends an attempt whose server never answers', async () => {
    const { url } = await rawServer(() => {});
    expect(await withBoth((Client) => record(new Client(url, { handshakeTimeout: 50 })).closed)).toEqual(
      TIMED_OUT,
    );
  });

  test('includes the whole head of the response, even if bytes keep arriving', async () => {
    const { url } = await rawServer((_head, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n');
      const timer = setInterval(() => socket.write('X-A: b\r\n'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    expect(await record(new OurWebSocket(url, { handshakeTimeout: 100 })).closed).toEqual(TIMED_OUT);
  });

  test('ends when the connection opens', async () => {
    const { url } = await wsServer();
    const ws = new OurWebSocket(url, { handshakeTimeout: 100 });
    await once(ws, 'open');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(ws.readyState).toBe(ws.OPEN);
    ws.terminate();
  });

  test('of 0 means no limit', async () => {
    const { url } = await wsServer();
    const ws = new OurWebSocket(url, { handshakeTimeout: 0 });
    await once(ws, 'open');
    ws.terminate();
  });

  test('starts again with each redirect', async () => {
    const { url } = await httpServer((request, response) => {
      const hop = Number(request.url?.slice(1));
      setTimeout(() => response.writeHead(hop < 4 ? 302 : 404, { Location: `/${hop + 1}` }).end(), 300);
    });
    const ws = new OurWebSocket(`${url}/1`, { handshakeTimeout: 1000, followRedirects: true });
    expect((await record(ws).closed)[0]).toBe('error Error: Unexpected server response: 404 [CLOSING]');
  });
});

describe('close() and terminate() while connecting', () => {
  const ABORTED = [
    'error Error: WebSocket was closed before the connection was established [CLOSING]',
    'close 1006  [CLOSED]',
  ];

  describe.each(['close', 'terminate'] as const)('%s()', (method) => {
    test('aborts the attempt, and emits the events a turn later', async () => {
      const { url } = await wsServer();
      const log = await withBoth(async (Client) => {
        const ws = new Client(url);
        const { closed, log } = record(ws);
        ws[method]();
        log.push(`after the call ${ws.readyState}`);
        return closed;
      });
      expect(log).toEqual(['after the call 2', ...ABORTED]);
    });

    test('when the request has been sent', async () => {
      await abortedBy((ws, seen) => seen.request.then(() => ws[method]()));
    });

    test('in a listener of upgrade', async () => {
      const { url } = await wsServer();
      const log = await withBoth((Client) => {
        const ws = new Client(url);
        const { closed } = record(ws);
        ws.on('upgrade', () => ws[method]());
        return closed;
      });
      expect(log).toEqual(['upgrade 101 [CONNECTING]', ...ABORTED]);
    });

    test('in a listener of unexpected-response', async () => {
      const { url } = await httpServer((_request, response) => response.writeHead(500).end('x'));
      const log = await withBoth((Client) => {
        const ws = new Client(url);
        const { closed } = record(ws, 'unexpected-response');
        ws.on('unexpected-response', () => ws[method]());
        return closed;
      });
      expect(log.slice(1)).toEqual(ABORTED);
    });

    test('called twice has the same effect as called once', async () => {
      const { url } = await wsServer();
      const log = await withBoth((Client) => {
        const ws = new Client(url);
        const { closed } = record(ws);
        ws[method]();
        ws[method]();
        return closed;
      });
      expect(log).toEqual(ABORTED);
    });

    test('in a listener of error or after close has no effect', async () => {
      const { url } = await httpServer((_request, response) => response.writeHead(500).end());
      const log = await withBoth(async (Client) => {
        const ws = new Client(url);
        const { closed } = record(ws);
        ws.on('error', () => ws[method]());
        ws.on('close', () => ws[method]());
        return closed;
      });
      expect(log).toHaveLength(2);
    });
  });

  test('the connection to the server is closed too', async () => {
    let gone: Promise<unknown> | undefined;
    const { url } = await rawServer((_head, socket) => {
      gone = once(socket, 'close');
      socket.resume();
      ws.close();
    });
    const ws = new OurWebSocket(url);
    expect(await record(ws).closed).toEqual(ABORTED);
    await gone;
  });

  test('in a listener of upgrade closes the connection to the server, even if its socket has failed', async () => {
    for (const error of [undefined, new Error('of the listener')]) {
      let gone: Promise<unknown> | undefined;
      const { url } = await rawServer((head, socket) => {
        gone = new Promise((resolve) => socket.resume().once('close', resolve));
        socket.write(switching(head));
      });
      const ws = new OurWebSocket(url);
      const { closed } = record(ws);
      ws.on('upgrade', (response) => {
        if (error) response.socket.destroy(error);
        ws.close();
      });
      expect((await closed).slice(1)).toEqual(ABORTED);
      await gone;
    }
  });

  async function abortedBy(
    act: (ws: Client, seen: { request: Promise<unknown> }) => Promise<void>,
  ): Promise<void> {
    const { server, url } = await rawServer(() => {});
    const log = await withBoth(async (Client) => {
      const request = (once(server, 'connection') as Promise<[net.Socket]>).then(([socket]) =>
        once(socket, 'data'),
      );
      const ws = new Client(url);
      const { closed } = record(ws);
      await act(ws, { request });
      return closed;
    });
    expect(log).toEqual(ABORTED);
  }
});

function swapCase(_line: string, name: string, value: string): string {
  const swapped = Array.from(value, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
  return name + swapped.join('');
}
