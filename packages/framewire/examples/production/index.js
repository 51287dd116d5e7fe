// A chat server for production: HTTPS, sessions, rooms, a heartbeat, limits, back-pressure, metrics, and an orderly shutdown on SIGTERM.
// doc/in-production.md of the package explains how the options work together.
//
//   openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
//     -keyout key.pem -out cert.pem
//   node index.js          then, in another terminal: NODE_EXTRA_CA_CERTS=cert.pem npx wscat \
//                          -o https://localhost:8443 -H 'Cookie: session=alice-session' -c wss://localhost:8443/rooms/lobby
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { clientAddress, formatRefusal, PreparedMessage, UpgradeRefusal, WebSocketServer } from 'framewire';
import { countClose, counters, formatMetrics } from './metrics.js';
import { findUser } from './sessions.js';

const { CERT = 'cert.pem', KEY = 'key.pem' } = process.env;
const { HOST = '127.0.0.1', PORT = 8443, ADMIN_PORT = 9090 } = process.env;
/** The addresses and subnets of the proxies in front of this server. */
const TRUSTED_PROXIES = (process.env.TRUSTED_PROXIES ?? '127.0.0.1').split(',');
const MAX_CONNECTIONS = Number(process.env.MAX_CONNECTIONS ?? 10_000);
const PER_CLIENT = Number(process.env.PER_CLIENT ?? 20);
/** The time over which the close frames are spread at shutdown, in ms. */
const SPREAD = Number(process.env.SPREAD ?? 15_000);

/** Returns the user and the room of a request. A client that is refused never gets a WebSocket. */
async function authenticate(request, { signal }) {
  const room = /^\/rooms\/([\w-]{1,32})$/.exec(request.url)?.[1];
  if (room === undefined) throw new UpgradeRefusal(404);
  const user = await findUser(request, signal);
  if (user === undefined) throw new UpgradeRefusal(401);
  return { room, user };
}

// These options of Node limit clients that have not sent a request yet. The WebSocket server does not count them.
const https = createSecureServer(
  { cert: readFileSync(CERT), key: readFileSync(KEY), handshakeTimeout: 10_000, headersTimeout: 10_000 },
  (request, response) => response.writeHead(426).end('WebSocket only\n'),
);
https.maxConnections = MAX_CONNECTIONS + 1000;

const server = new WebSocketServer({
  server: https,
  authenticate,
  allowedOrigins: 'same',
  maxConnections: MAX_CONNECTIONS,
  connectionsPerClient: { limit: PER_CLIENT, client: clientAddress({ trust: TRUSTED_PROXIES }) },
  handshakeTimeout: 10_000,
  maxPayload: 16 * 1024,
  heartbeat: { interval: 20_000, timeout: 10_000 },
  // Clients reconnect, so they spread over new servers, and the server checks their sessions again.
  maxLifetime: 60 * 60 * 1000,
  highWaterMark: 64 * 1024,
  // The server closes a slower client with 1008. The client reconnects, and loads what it missed.
  maxBufferedAmount: 1024 * 1024,
  onBufferFull: 'close',
});

const rooms = new Map();

server.on('connection', (ws, request, { room, user }) => {
  const members = rooms.get(room) ?? new Set();
  rooms.set(room, members.add(ws));
  counters.chat_accepted_total++;
  ws.on('error', (error) => console.error(`${user}: ${error.message}`));
  ws.on('message', (data, isBinary) => {
    counters.chat_messages_total++;
    // Text is what a user says. Binary data is a state, such as the position of a cursor.
    const content = isBinary ? data : JSON.stringify({ user, text: data.toString() });
    broadcast(members, new PreparedMessage(content), isBinary);
  });
  ws.on('close', (code) => {
    countClose(code);
    members.delete(ws);
    if (members.size === 0) rooms.delete(room);
  });
});

/** Skips slow clients if the message is a state, which is out of date by the time they read it. */
function broadcast(members, message, isState) {
  for (const ws of members) {
    if (ws.readyState !== ws.OPEN) continue;
    if (isState && ws.writableNeedDrain) counters.chat_updates_skipped_total++;
    else ws.send(message);
  }
}

server.on('wsClientError', (error, socket) => {
  console.error(error.message, error.cause ?? '');
  // An error with a cause is a fault of this program: the server itself answers with 500.
  if (error.cause === undefined) socket.end(formatRefusal(new UpgradeRefusal(400)));
});

let isStopping = false;

// For probes and Prometheus, on a port that must not be public.
const admin = createServer((request, response) => {
  if (request.url === '/metrics') {
    response.setHeader('Content-Type', 'text/plain; version=0.0.4').end(formatMetrics(server, rooms));
  } else response.writeHead(request.url !== '/ready' ? 404 : isStopping ? 503 : 200).end();
});

https.listen(Number(PORT), HOST, () => console.log(`wss://localhost:${https.address().port}`));
admin.listen(Number(ADMIN_PORT), HOST, () => console.log(`metrics on port ${admin.address().port}`));

/** Closes all connections, and then the servers. A second signal ends the process immediately. */
async function stop() {
  isStopping = true;
  const { closed, terminated } = await server.shutdown({ spread: SPREAD, timeout: 10_000 });
  console.log(`${closed} closed, ${terminated} terminated`);
  https.close();
  admin.close();
  // Clients that have not finished the TLS handshake or their request would keep the process alive.
  setTimeout(() => process.exit(), 1000).unref();
}

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => (isStopping ? process.exit(1) : stop()));
