/** Shared code of the scenarios: servers on this machine, data to send, and waiting for messages and close events. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

/** Starts an HTTP server, or a similar one, on a free port. Returns its address without the scheme. */
export async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${server.address().port}`;
}

/** Stops a server. Does not resolve while a connection keeps it open. */
export async function stop(server) {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections?.();
  await closed;
}

/** An HTTP server on a free port, and its address. */
export async function startHttp(listener) {
  const server = createServer(listener);
  return { server, address: await listen(server) };
}

/** Bytes that compress badly and are the same in every run. */
export function bytes(length, seed = 1) {
  const result = Buffer.allocUnsafe(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    result[i] = state >>> 24;
  }
  return result;
}

/** Text with characters of one to four bytes. */
export function text(length) {
  return 'aé€😀'.repeat(Math.ceil(length / 5)).slice(0, length);
}

/** Answers each message of a connection with itself. */
export function echo(ws) {
  ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
}

/** The next message of a connection: a string for text, a Buffer for bytes. */
export async function nextMessage(ws) {
  const [data, isBinary] = await once(ws, 'message');
  return isBinary ? data : data.toString();
}

/** The close code and the reason of a connection. */
export async function ending(ws) {
  const [code, reason] = await once(ws, 'close');
  return [code, reason.toString()];
}

/** Starts a service on a free port. Calls `serve` with each connection and its request. Returns its server, its addresses and `end()`. */
export async function startService(serve, options = {}) {
  const { server, address } = await startHttp(options.listener);
  const wss = new WebSocketServer({ ...options, server });
  wss.on('connection', serve);
  return { wss, address, url: `ws://${address}`, end: () => stop(server) };
}

/** Serves JSON-RPC: calls the methods of a table with their parameters, and with a function that notifies the caller. */
export function jsonRpc(methods) {
  return (ws) => {
    const notify = (message) => ws.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
    ws.on('message', (data) => {
      const asked = JSON.parse(data);
      for (const { id, method, params } of [asked].flat()) {
        const answer = methods[method];
        if (answer) notify({ id, result: answer(params, notify) });
        else notify({ id, error: { code: -32601, message: `no method ${method}` } });
      }
    });
  };
}
