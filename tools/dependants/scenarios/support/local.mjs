/** Servers on this machine, bytes to send, and the ends of both. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

/** Starts an HTTP server, or one that is like it, on a free port; gives its address without the scheme. */
export async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${server.address().port}`;
}

/** Ends a server; fails where something keeps it open. */
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

/** The next message of a connection, as it came: a string or a Buffer. */
export async function nextMessage(ws) {
  const [data, isBinary] = await once(ws, 'message');
  return isBinary ? data : data.toString();
}

/** The code and the reason that a connection ends with. */
export async function ending(ws) {
  const [code, reason] = await once(ws, 'close');
  return [code, reason.toString()];
}

/** A service on a free port: `serve` is called with each connection and its request. Gives its address without the scheme. */
export async function startService(serve, options = {}) {
  const { server, address } = await startHttp(options.listener);
  const wss = new WebSocketServer({ ...options, server });
  wss.on('connection', serve);
  return { wss, address, url: `ws://${address}`, end: () => stop(server) };
}

/** Serves JSON-RPC: each method of a table is called with its parameters, and with what notifies its caller. */
export function jsonRpc(methods) {
  return (ws) => {
    const tell = (message) => ws.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
    ws.on('message', (data) => {
      const asked = JSON.parse(data);
      for (const { id, method, params } of [asked].flat()) {
        const answer = methods[method];
        if (answer) tell({ id, result: answer(params, tell) });
        else tell({ id, error: { code: -32601, message: `no method ${method}` } });
      }
    });
  };
}
