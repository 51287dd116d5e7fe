import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Topics } from '@framewire/topics';
import { WebSocketServer } from 'framewire';

const POLICY_VIOLATION = 1008;

const page = readFileSync(new URL('page.html', import.meta.url));

const http = createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page);
});

const server = new WebSocketServer({ server: http, path: '/chat' });
const rooms = new Topics();

server.on('connection', (ws, request) => {
  ws.on('error', (error) => console.error(error.message));

  const query = new URL(request.url, 'http://localhost').searchParams;
  const room = query.get('room') ?? 'lobby';
  const name = query.get('name') ?? '';
  if (!/^\w{1,20}$/.test(room) || !/^\w{1,20}$/.test(name)) {
    ws.close(POLICY_VIOLATION, 'a name has 1 to 20 letters or digits');
    return;
  }

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

/** The text of a message from a client, or undefined if the message is malformed. */
function textOf(data) {
  try {
    const { text } = JSON.parse(data);
    return typeof text === 'string' && text.length <= 1000 ? text : undefined;
  } catch {
    return undefined;
  }
}

http.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${http.address().port}`);
});
