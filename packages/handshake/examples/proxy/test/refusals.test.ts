// What the proxy rejects: requests, and invalid answers of backends.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  RawClient,
  requestHead,
  RESPONSE_HEAD,
  startBackend,
  startProxy,
  startWebSocketServer,
  UNUSED_PORT,
} from './support.ts';

/** The status line of a response. */
function statusLine(response: string): string {
  return response.slice(0, response.indexOf('\r\n'));
}

describe('the proxy rejects without contacting a backend', () => {
  test.each([
    ['a plain request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', '400 Bad Request'],
    ['another method', requestHead('/').replace('GET', 'POST'), '405 Method Not Allowed'],
    ['HTTP 1.0', requestHead('/').replace('HTTP/1.1', 'HTTP/1.0'), '505 HTTP Version Not Supported'],
    ['another protocol', requestHead('/').replace('websocket', 'h2c'), '400 Bad Request'],
    ['a wrong key', requestHead('/').replace('==', '='), '400 Bad Request'],
    ['another version', requestHead('/').replace('13', '7'), '400 Bad Request'],
    ['no host', requestHead('/').replace('Host', 'X-Host'), '400 Bad Request'],
    ['a body', requestHead('/', 'Content-Length: 3'), '400 Bad Request'],
    ['a chunked body', requestHead('/', 'Transfer-Encoding: chunked'), '400 Bad Request'],
    ['a repeated subprotocol', requestHead('/', 'Sec-WebSocket-Protocol: a, a'), '400 Bad Request'],
    ['malformed extensions', requestHead('/', 'Sec-WebSocket-Extensions: ;;'), '400 Bad Request'],
    ['a folded header', requestHead('/', 'A: b', ' c'), '400 Bad Request'],
    ['a bare LF', 'GET / HTTP/1.1\n', '400 Bad Request'],
    ['TLS', '\x16\x03\x01', '400 Bad Request'],
    ['a path without a backend', requestHead('/nowhere'), '404 Not Found'],
    ['a target without a path', requestHead('http://example.com/'), '404 Not Found'],
    [
      'a head that is too large',
      requestHead('/', `A: ${'b'.repeat(20_000)}`),
      '431 Request Header Fields Too Large',
    ],
    [
      'too many headers',
      requestHead('/', ...Array<string>(101).fill('A:')),
      '431 Request Header Fields Too Large',
    ],
  ])('%s', async (_, request, status) => {
    let asked = 0;
    const backend = await startBackend(() => asked++);
    const { port } = await startProxy({ '/a': backend });
    const response = await new RawClient(port).send(request.replace('GET / ', 'GET /a ')).untilEnd();
    expect(statusLine(response)).toBe(`HTTP/1.1 ${status}`);
    expect(response).toContain('\r\nConnection: close\r\n');
    expect(asked).toBe(0);
  });

  test('a head that is incomplete after the timeout, even if bytes keep coming', async () => {
    const { port } = await startProxy({ '/': UNUSED_PORT }, { requestTimeout: 50 });
    const client = new RawClient(port).send('GET / HTTP/1.1\r\n');
    const drip = setInterval(() => client.send('A:b\r\n'), 5);
    client.socket.once('end', () => clearInterval(drip));
    expect(statusLine(await client.untilEnd())).toBe('HTTP/1.1 408 Request Timeout');
  });

  test('a client that leaves before its head is complete, without an answer', async () => {
    const { port } = await startProxy({ '/': UNUSED_PORT });
    const client = new RawClient(port).send('GET / HTTP/1.1\r\n');
    client.socket.end();
    expect(await client.untilEnd()).toBe('');
  });

  test('a client that then keeps its side open, and disconnects it after a timeout', async () => {
    const { port, sockets } = await startProxy({}, { closeTimeout: 50 });
    const client = new RawClient(port).send(requestHead('/'));
    await client.untilEnd();
    await Promise.all([...sockets].map((socket) => once(socket, 'close')));
    expect(sockets.size).toBe(0);
  });
});

describe('the proxy answers for its backend', () => {
  test('with 502 when it is down', async () => {
    const { port, lines } = await startProxy({ '/': UNUSED_PORT });
    const ws = new WebSocket(`ws://127.0.0.1:${port}/x`);
    const [error] = (await once(ws, 'error').catch((reason: unknown) => [reason])) as [Error];
    expect(error.message).toBe('Unexpected server response: 502');
    expect(lines).toEqual([expect.stringMatching(/^502 \/x -> 127\.0\.0\.1:[0-9]+$/)]);
  });

  test.each([
    ['garbage', 'garbage\r\n\r\n'],
    ['bytes that are not text', '\x00\xff'],
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 101 Switching'],
    ['a head that is too large', `HTTP/1.1 101 Switching\r\nA: ${'b'.repeat(20_000)}\r\n\r\n`],
    ['a bare LF', RESPONSE_HEAD.replaceAll('\r\n', '\n')],
    ['a 101 with another accept value', RESPONSE_HEAD.replace('s3pP', 'S3pP')],
    ['a 101 without accept value', RESPONSE_HEAD.replace('Sec-WebSocket-Accept', 'X-Accept')],
    ['a 101 to another protocol', RESPONSE_HEAD.replace('websocket', 'h2c')],
    ['a 101 without Connection', RESPONSE_HEAD.replace('Connection', 'X-Connection')],
    ['a 101 with a body', RESPONSE_HEAD.replace('\r\n\r\n', '\r\nContent-Length: 5\r\n\r\n')],
    [
      'an extension that was not offered',
      RESPONSE_HEAD.replace('\r\n\r\n', '\r\nSec-WebSocket-Extensions: x\r\n\r\n'),
    ],
    [
      'a subprotocol that was not requested',
      RESPONSE_HEAD.replace('\r\n\r\n', '\r\nSec-WebSocket-Protocol: x\r\n\r\n'),
    ],
  ])('with 502 when it answers %s', async (_, answer) => {
    const backend = await startBackend((socket) => {
      socket.once('data', () => socket.end(answer, 'latin1'));
    });
    const { port } = await startProxy({ '/': backend });
    const response = await new RawClient(port).send(requestHead('/')).untilEnd();
    expect(statusLine(response)).toBe('HTTP/1.1 502 Bad Gateway');
  });

  test('with 502 when it only sends interim responses', async () => {
    const backend = await startBackend((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(20)));
    });
    const { port } = await startProxy({ '/': backend });
    const response = await new RawClient(port).send(requestHead('/')).untilEnd();
    expect(statusLine(response)).toBe('HTTP/1.1 502 Bad Gateway');
  });

  test('with 504 when it does not answer in time', async () => {
    const backend = await startBackend((socket) => socket.resume());
    const { port } = await startProxy({ '/': backend }, { backendTimeout: 50 });
    const response = await new RawClient(port).send(requestHead('/')).untilEnd();
    expect(statusLine(response)).toBe('HTTP/1.1 504 Gateway Timeout');
  });

  test.each([
    [
      'with a length, on a connection that it keeps open',
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nKeep-Alive: 5\r\n\r\nnope',
      false,
    ],
    ['that ends with the connection', 'HTTP/1.1 403 Forbidden\r\n\r\nnope', true],
    ['that is empty', 'HTTP/1.1 204 No Content\r\n\r\n', false],
    ['of 200', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnope and more', false],
  ])('with the refusal of the backend: a response %s', async (_, answer, ends) => {
    const backend = await startBackend((socket) => {
      socket.once('data', () => (ends ? socket.end(answer) : socket.write(answer)));
    });
    const { port } = await startProxy({ '/': backend });
    const response = await new RawClient(port).send(requestHead('/')).untilEnd();
    expect(statusLine(response)).toBe(statusLine(answer));
    expect(response).toContain('\r\nConnection: close\r\n\r\n');
    expect(response).not.toContain('Keep-Alive');
    expect(response.split('\r\n\r\n')[1]).toBe(answer.split('\r\n\r\n')[1]?.slice(0, 4));
  });

  test('with the refusal of a server of ws, which its client can read', async () => {
    const [, backend] = await startWebSocketServer({
      verifyClient: (_info, answer) => answer(false, 401, 'Who are you?', { 'X-Reason': 'unknown' }),
    });
    const { port } = await startProxy({ '/': backend });
    const ws = new WebSocket(`ws://127.0.0.1:${port}/`);
    const [, response] = (await once(ws, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(401);
    expect(response.headers).toMatchObject({ 'x-reason': 'unknown', connection: 'close' });
    expect(String(Buffer.concat(await response.toArray()))).toBe('Who are you?');
  });

  test('and forwards nothing after a rejected upgrade', async () => {
    const smuggled = 'GET /admin HTTP/1.1\r\nHost: internal\r\n\r\n';
    let received = '';
    const backend = await startBackend((socket) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString();
        // The backend does not support the version, and keeps the connection open for more requests.
        socket.write('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n');
      });
    });
    const { port } = await startProxy({ '/': backend });
    const client = new RawClient(port).send(requestHead('/') + smuggled);
    await client.until('\r\n\r\n');
    client.send(smuggled);
    const response = await client.untilEnd();
    expect(statusLine(response)).toBe('HTTP/1.1 426 Upgrade Required');
    expect(response.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(received).not.toContain('/admin');
  });
});

test('a plain request gets an answer that an HTTP client can read', async () => {
  const { port } = await startProxy({});
  const [response] = (await once(get({ host: '127.0.0.1', port }), 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(400);
  expect(String(Buffer.concat(await response.toArray()))).toBe('Invalid Upgrade header');
});
