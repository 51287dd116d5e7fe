// The servers of websocket and faye-websocket, which use Node's HTTP server and have interfaces of their own.
import { createServer } from 'node:http';
import process from 'node:process';
import { messageHandler } from './behaviour.mjs';
import { serveDriver, task } from './control.mjs';

const MOST = 128 * 1024 * 1024;
const connections = new Set();
const http = createServer();

/** Starts each library on the HTTP server. */
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
      connections,
    );
    server.on('connect', (connection) => {
      connections.add(connection);
      connection.on('message', ({ type, utf8Data, binaryData }) =>
        onMessage(connection, type === 'binary' ? binaryData : utf8Data, type === 'binary'),
      );
      connection.on('close', () => connections.delete(connection));
      connection.on('error', () => {});
    });
  },
  async 'faye-websocket'() {
    const { default: WebSocket } = await import('faye-websocket');
    const onMessage = messageHandler((ws, data) => ws.send(data), connections);
    http.on('upgrade', (request, socket, head) => {
      const ws = new WebSocket(request, socket, head, [], { maxLength: MOST });
      connections.add(ws);
      ws.on('message', ({ data }) => onMessage(ws, data, typeof data !== 'string'));
      ws.on('close', () => connections.delete(ws));
      ws.on('error', () => {});
    });
  },
};

await served[task.library]();
http.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  serveDriver({ port: http.address().port, runtime: `Node ${process.versions.node}` });
});
