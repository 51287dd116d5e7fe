import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Topics } from '@framewire/topics';
import { UpgradeRefusal, WebSocketServer } from 'framewire';
import { logIn, userOf } from './sessions.js';

const POLICY_VIOLATION = 1008;

const page = readFileSync(new URL('page.html', import.meta.url));

/** Creates a chat server that is not listening yet. */
export function createChat() {
  const http = createServer((request, response) => {
    if (request.method === 'POST' && request.url === '/login') {
      // A client that leaves, or that sends too much, gets no answer.
      answerLogin(request, response).catch(() => response.destroy());
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page);
  });

  const server = new WebSocketServer({
    server: http,
    path: '/chat',
    allowedOrigins: 'same',
    authenticate,
    maxPayload: 16 * 1024,
    maxConnections: 1000,
    heartbeat: { interval: 20_000, timeout: 10_000 },
    maxBufferedAmount: 1024 * 1024,
  });
  const rooms = new Topics();

  server.on('connection', (ws, request, { name, room }) => {
    ws.on('error', (error) => console.error(`${name}: ${error.message}`));

    rooms.subscribe(ws, room);
    rooms.publish(room, JSON.stringify({ type: 'joined', name, members: rooms.subscriberCount(room) }));

    ws.on('message', (data) => {
      const text = textOf(data);
      if (text === undefined) ws.close(POLICY_VIOLATION, 'not a chat message');
      else rooms.publish(room, JSON.stringify({ type: 'message', name, text }));
    });

    ws.on('close', () => {
      rooms.publish(room, JSON.stringify({ type: 'left', name, members: rooms.subscriberCount(room) }));
    });
  });

  return {
    http,
    /** Closes all connections with 1001, and then the HTTP server. */
    async stop() {
      await server.shutdown({ timeout: 5000 });
      http.close();
      // A client that has sent half of a request would keep the server open.
      http.closeAllConnections();
    },
  };
}

/** Returns the user and the room of an upgrade request, or refuses it. */
function authenticate(request) {
  const name = userOf(request);
  if (name === undefined) throw new UpgradeRefusal(401);
  const room = new URL(request.url, 'http://localhost').searchParams.get('room') ?? 'lobby';
  if (!/^\w{1,20}$/.test(room)) throw new UpgradeRefusal(404);
  return { name, room };
}

/** The text of a message from a client, or undefined if the message is malformed. */
function textOf(data) {
  try {
    const { text } = JSON.parse(data);
    return typeof text === 'string' && text.length <= 1000 ? text : undefined;
  } catch {
    return undefined;
  }
}

async function answerLogin(request, response) {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > 1000) throw new Error('The form is too long');
  }
  const form = new URLSearchParams(body);
  const token = logIn(form.get('name') ?? '', form.get('password') ?? '');
  if (token === undefined) {
    response.writeHead(401).end();
    return;
  }
  const cookie = `session=${token}; HttpOnly; SameSite=Strict; Path=/`;
  response.writeHead(204, { 'Set-Cookie': cookie }).end();
}
