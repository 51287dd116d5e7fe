// A listener of unexpected-response handles the response: the WebSocket does not stay in CONNECTING indefinitely.
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { WebSocket } from '@framewire/client';
import { expect, test } from 'vitest';
import { closeOf, httpServer } from './support/servers.ts';

/** A client whose request is answered with 401, and its events until it closes. */
async function refused(
  answer: (response: ServerResponse) => void,
  listener: (request: ClientRequest, response: IncomingMessage) => void,
): Promise<string[]> {
  const { url } = await httpServer((_request, response) => {
    answer(response.writeHead(401));
  });
  const ws = new WebSocket(url);
  const log: string[] = [];
  ws.on('error', ({ message }) => log.push(`error ${message} [${ws.readyState}]`));
  ws.on('unexpected-response', listener);
  const [code] = await closeOf(ws);
  return [...log, `close ${code} [${ws.readyState}]`];
}

const FAILED = ['error Unexpected server response: 401 [2]', 'close 1006 [3]'];

test('ends in error and close when the listener destroys the request', async () => {
  expect(
    await refused(
      (response) => response.end('no'),
      (request) => request.destroy(),
    ),
  ).toEqual(FAILED);
});

test('also ends when the listener destroys the request after the body has arrived unread', async () => {
  expect(
    await refused(
      (response) => response.end('no'),
      (request, response) => {
        const whenComplete = (): void => {
          if (response.complete) request.destroy();
          else setImmediate(whenComplete);
        };
        whenComplete();
      },
    ),
  ).toEqual(FAILED);
});

test('ends with the error with which the listener destroys the request', async () => {
  expect(
    await refused(
      (response) => response.write('a part'),
      (request) => request.destroy(new Error('not there')),
    ),
  ).toEqual(['error not there [2]', 'close 1006 [3]']);
});

test('ends in error and close when the server aborts the response', async () => {
  expect(
    await refused(
      (response) => {
        response.write('a part');
      },
      (request, response) => {
        response.on('error', () => {});
        response.once('data', () => request.socket?.destroy());
      },
    ),
  ).toEqual(FAILED);
});

test('is left to a listener that reads the response to its end', async () => {
  const { url } = await httpServer((_request, response) => {
    response.writeHead(401).end('no');
  });
  const ws = new WebSocket(url);
  const errors: string[] = [];
  ws.on('error', ({ message }) => errors.push(message));
  const [request, response] = (await once(ws, 'unexpected-response')) as [ClientRequest, IncomingMessage];
  const closed = once(request, 'close');
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk as string;
  await closed;
  expect([body, errors, ws.readyState]).toEqual(['no', [], ws.CONNECTING]);
  ws.terminate();
  await closeOf(ws);
  expect(errors).toEqual(['WebSocket was closed before the connection was established']);
});
