// Sends each message to all clients (path /all), or to all except its sender (path /others).
//
//   node index.js          then, in two other terminals: npx wscat -c ws://127.0.0.1:8080/others
import { createServer } from 'node:http';
import { PreparedMessage, WebSocket, WebSocketServer } from 'framewire';

/** Disconnects clients that read too slowly, because their messages would fill the memory. They may connect again. */
const LIMITS = { maxBufferedAmount: 1024 * 1024 };

const http = createServer((request, response) => response.writeHead(426).end('WebSocket only\n'));
const all = new WebSocketServer({ server: http, path: '/all', ...LIMITS });
const others = new WebSocketServer({ server: http, path: '/others', ...LIMITS });

/** Sends to all clients except one. The message is encoded and compressed once for all of them. */
function broadcast(server, data, isBinary, except) {
  const message = new PreparedMessage(data, { binary: isBinary });
  for (const client of server.clients) {
    if (client !== except && client.readyState === WebSocket.OPEN) client.send(message);
  }
}

all.on('connection', (ws) => {
  ws.on('error', (error) => console.error(error.message));
  ws.on('message', (data, isBinary) => broadcast(all, data, isBinary));
});

others.on('connection', (ws) => {
  ws.on('error', (error) => console.error(error.message));
  ws.on('message', (data, isBinary) => broadcast(others, data, isBinary, ws));
});

http.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`ws://127.0.0.1:${http.address().port}`);
});

process.once('SIGINT', () => {
  all.shutdown();
  others.shutdown();
  http.close();
});
