// Servers as programs written for `ws` create them: each option, event and member.
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import WebSocket, { WebSocketServer } from 'ws';

const deflate: WebSocket.PerMessageDeflateOptions = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 10,
  clientMaxWindowBits: 15,
  zlibDeflateOptions: { chunkSize: 1024, memLevel: 7, level: 3 },
  zlibInflateOptions: { chunkSize: 10 * 1024 },
  concurrencyLimit: 10,
};
deflate.threshold = 1024;

const options: WebSocket.ServerOptions = {
  host: '127.0.0.1',
  port: 0,
  backlog: 10,
  path: '/chat',
  noServer: false,
  clientTracking: true,
  perMessageDeflate: deflate,
  maxPayload: 1024,
  maxBufferedChunks: 10,
  maxFragments: 10,
  skipUTF8Validation: false,
  allowSynchronousEvents: true,
  autoPong: false,
  handleProtocols: (protocols, request) => request.url !== '/' && (protocols.values().next().value ?? false),
  verifyClient: ({ origin, secure, req }: { origin: string; secure: boolean; req: IncomingMessage }) =>
    origin.startsWith('https:') && secure && req.url === '/',
  WebSocket,
};
export const server = new WebSocketServer(options, () => console.log('listening'));
export const asynchronous = new WebSocketServer({
  port: 0,
  verifyClient: ({ req }, callback) => {
    if (req.headers.authorization === undefined) callback(false, 401, 'Unauthorized', { 'X-Why': 'no' });
    else callback(true);
  },
});
const judge: WebSocket.VerifyClientCallbackSync = (info) => info.secure;
const judgeLater: WebSocket.VerifyClientCallbackAsync = (_info, callback) => callback(true);
const judgeAnnotated = (info: { origin: string; secure: boolean; req: IncomingMessage }): boolean =>
  info.origin === 'x';
for (const verifyClient of [judge, judgeLater, judgeAnnotated])
  new WebSocketServer({ noServer: true, verifyClient });

const plain = createServer();
new WebSocketServer({ server: plain });
new WebSocketServer({ server: createSecureServer() });
const external: WebSocketServer = new WebSocketServer({ noServer: true });
plain.on('upgrade', (request, socket, head) => {
  if (!external.shouldHandle(request)) {
    socket.destroy();
    return;
  }
  external.handleUpgrade(request, socket, head, (ws) => {
    external.emit('connection', ws, request, 'a user');
  });
});

server.on('connection', function (ws, request) {
  // `this` is the server.
  this.clients.delete(ws);
  const ip: string | undefined = request.socket.remoteAddress;
  const forwarded = request.headers['x-forwarded-for'] as string | undefined;
  ws.on('error', console.error);
  ws.on('message', function message(data, isBinary) {
    server.clients.forEach(function each(client) {
      if (client !== ws && client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary });
    });
  });
  ws.send(`${ip} ${forwarded}`);
});
external.on('connection', (ws: WebSocket, request: IncomingMessage, user: string) => {
  ws.send(`${user} ${request.url}`);
});
server.on('headers', (headers, request) => headers.push(`X-Path: ${request.url}`));
server.on('wsClientError', (error, socket, request) => {
  socket.end(`HTTP/1.1 400 ${error.message}\r\n\r\n${request.url}`);
});
server.on('error', (error) => error.message);
server.on('listening', () => undefined).on('close', () => undefined);
server.on('own', (...args: unknown[]) => args);

server.once('connection', (ws, { url }) => ws.close(1000, url));
server.once('listening', () => undefined).once('close', () => undefined);
server.once('error', (error: NodeJS.ErrnoException) => error.code);
server.once('headers', (headers: string[]) => headers.length);
server.once('wsClientError', (_error, socket: Duplex) => socket.destroy());
server.addListener('connection', (ws, request) => [ws.url, request.url]);
server.addListener('wsClientError', (error, socket, request) => [error, socket, request]);
server
  .addListener('headers', (headers, request) => [headers, request])
  .addListener('listening', () => undefined);

const onConnection = (ws: WebSocket): void => ws.terminate();
server.off('connection', onConnection).removeListener('connection', onConnection);
server.off('headers', () => undefined).removeListener('close', () => undefined);

export const where: AddressInfo | string | null = server.address();
export const { port } = server.address() as WebSocket.AddressInfo;
export const path: string = server.path;
export const limit: number | undefined = server.options.maxPayload;
server.close();
server.close((error) => error?.message);
server.close((error?: Error) => error);

const interval = setInterval(() => {
  for (const ws of server.clients) ws.ping();
}, 30_000);
server.on('close', () => clearInterval(interval));
