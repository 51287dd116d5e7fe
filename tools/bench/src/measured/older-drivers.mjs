// The servers of websocket and faye-websocket, which stand on Node's HTTP server and have interfaces of their own.
import { createServer } from 'node:http';
import process from 'node:process';
import { messageHandler } from './behaviour.mjs';
import { serveDriver, task } from './control.mjs';

const MOST = 128 * 1024 * 1024;
const everybody = new Set();
const http = createServer();

/** How each library makes connections of upgrades, and how one of them sends. */
const served = {
  async websocket() {
    const { default: websocket } = await import('websocket');
    const server = new websocket.server({
      httpServer: http,
      autoAcceptConnections: true,
      maxReceivedFrameSize: MOST,
      maxReceivedMessageSize: MOST,
    });
    const onMessage = messageHandler(
      (connection, data, binary) => (binary ? connection.sendBytes(data) : connection.sendUTF(data)),
      everybody,
    );
    server.on('connect', (connection) => {
      everybody.add(connection);
      connection.on('message', ({ type, utf8Data, binaryData }) =>
        onMessage(connection, type === 'binary' ? binaryData : utf8Data, type === 'binary'),
      );
      connection.on('close', () => everybody.delete(connection));
      connection.on('error', () => {});
    });
  },
  async 'faye-websocket'() {
    const { default: WebSocket } = await import('faye-websocket');
    const onMessage = messageHandler((ws, data) => ws.send(data), everybody);
    http.on('upgrade', (request, socket, head) => {
      const ws = new WebSocket(request, socket, head, [], { maxLength: MOST });
      everybody.add(ws);
      ws.on('message', ({ data }) => onMessage(ws, data, typeof data !== 'string'));
      ws.on('close', () => everybody.delete(ws));
      ws.on('error', () => {});
    });
  },
};

await served[task.library]();
http.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  serveDriver({ port: http.address().port, runtime: `Node ${process.versions.node}` });
});
