// Authenticates each client during the upgrade. An unknown client receives an HTTP response and never gets a WebSocket.
//
//   node index.js          then, in another terminal:
//                          npx wscat -H 'Authorization: Bearer alice-token' -c ws://127.0.0.1:8080
import { createHash, timingSafeEqual } from 'node:crypto';
import { UpgradeRefusal, WebSocketServer } from 'framewire';

// In place of a database: the digest of each user's token.
const digest = (text) => createHash('sha256').update(text).digest();
const users = [
  { name: 'alice', token: digest('alice-token') },
  { name: 'bob', token: digest('bob-token') },
];

/** Returns the user to whom the token of the request belongs. */
async function authenticate(request) {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  const given = scheme === 'Bearer' && token ? digest(token) : undefined;
  const user = given && users.find((each) => timingSafeEqual(each.token, given));
  return user ?? new UpgradeRefusal(401, { headers: { 'WWW-Authenticate': 'Bearer' } });
}

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 8080),
  authenticate,
});

server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}`));

// `user` is what authenticate() returned.
server.on('connection', (ws, request, user) => {
  ws.on('error', (error) => console.error(`${user.name}: ${error.message}`));
  ws.on('message', (data) => console.log(`${user.name} says ${data}`));
  ws.send(`hello, ${user.name}`);
});

process.once('SIGINT', () => server.shutdown());
