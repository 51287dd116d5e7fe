// Authenticates each client during the upgrade. An unknown client receives an HTTP response and never gets a WebSocket.
//
//   node index.js          then, in another terminal:
//                          npx wscat -H 'Authorization: Bearer alice-token' -c ws://127.0.0.1:8080
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { createRefusal, formatRefusal, WebSocketServer } from 'framewire';

const http = createServer((request, response) => response.writeHead(426).end('WebSocket only\n'));
const server = new WebSocketServer({ noServer: true });

// In place of a database: the digest of each user's token.
const digest = (text) => createHash('sha256').update(text).digest();
const users = [
  { name: 'alice', token: digest('alice-token') },
  { name: 'bob', token: digest('bob-token') },
];

/** Returns the user to whom the token of the request belongs, or undefined. */
async function authenticate(request) {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  if (scheme !== 'Bearer' || !token) return undefined;
  const given = digest(token);
  return users.find((user) => timingSafeEqual(user.token, given));
}

http.on('upgrade', async (request, socket, head) => {
  // Until handleUpgrade(), nothing else handles errors of the socket. Without a listener, a client that disconnects would end the process.
  const onError = () => socket.destroy();
  socket.on('error', onError);
  let user;
  try {
    user = await authenticate(request);
  } catch (error) {
    // For example, the database is down. That is the server's fault, not the client's.
    console.error(error.message);
    refuse(socket, 500);
    return;
  }
  if (user === undefined) {
    refuse(socket, 401);
    return;
  }
  socket.off('error', onError);
  // Does nothing if the client has disconnected meanwhile.
  server.handleUpgrade(request, socket, head, (ws) => server.emit('connection', ws, request, user));
});

/** Answers with a status and ends the connection. */
function refuse(socket, status) {
  socket.end(formatRefusal(createRefusal(status)), () => socket.destroy());
}

server.on('connection', (ws, request, user) => {
  ws.on('error', (error) => console.error(`${user.name}: ${error.message}`));
  ws.on('message', (data) => console.log(`${user.name} says ${data}`));
  ws.send(`hello, ${user.name}`);
});

http.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`ws://127.0.0.1:${http.address().port}`);
});

process.once('SIGINT', () => {
  server.close();
  for (const ws of server.clients) ws.close(1001, 'the server stops');
  http.close();
});
