// One of the servers. It publishes the messages of its pages to a topic. The pages of all servers subscribe to that topic.
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { connectToNats } from '@framewire/nats';
import { Topics } from '@framewire/topics';
import { WebSocketServer } from 'framewire';

const MAX_TEXT = 1000;
const TRY_AGAIN_LATER = 1013;
const POLICY_VIOLATION = 1008;

const [, , name, natsPort, port] = process.argv;
const broker = await connectToNats({ servers: `127.0.0.1:${natsPort}` }, { history: true });
const topics = new Topics({
  broker,
  // A page that reconnects sends the last position that it received.
  encode: (data, position) => JSON.stringify({ ...JSON.parse(data), position }),
});

const files = new Map([
  ['/', ['index.html', 'text/html; charset=utf-8']],
  ['/style.css', ['style.css', 'text/css; charset=utf-8']],
  ['/page.js', ['page.js', 'text/javascript; charset=utf-8']],
]);

const http = createServer((request, response) => {
  const found = files.get(request.url.split('?')[0]);
  if (found === undefined) {
    response.writeHead(404).end('not found\n');
    return;
  }
  const [file, type] = found;
  response.writeHead(200, { 'Content-Type': type });
  createReadStream(fileURLToPath(new URL(`page/${file}`, import.meta.url)))
    .on('error', () => response.destroy())
    .pipe(response);
});

const server = new WebSocketServer({
  server: http,
  path: '/chat',
  maxPayload: 16 * 1024,
  maxBufferedAmount: 1024 * 1024,
});

server.on('connection', (ws) => {
  ws.on('error', (error) => console.error(error.message));
  ws.on('message', (data) => {
    handle(ws, data).catch(() => {
      // NATS is unreachable. The page reconnects, and sends the unacknowledged messages again.
      ws.close(TRY_AGAIN_LATER);
    });
  });
});

async function handle(ws, data) {
  const message = parse(data);
  if (message === undefined) {
    ws.close(POLICY_VIOLATION);
  } else if (message.kind === 'join') {
    const { recovered, position } = await topics.subscribe(ws, 'chat', { since: message.since });
    reply(ws, { kind: 'joined', server: name, recovered, position });
  } else {
    const { id, author, text } = message;
    await topics.publish('chat', JSON.stringify({ kind: 'said', id, author, text }));
    reply(ws, { kind: 'taken', id });
  }
}

/** Parses a message of a page. Returns undefined if it is invalid. */
function parse(data) {
  try {
    const message = JSON.parse(data);
    if (message.kind === 'join') return message;
    const texts = [message.id, message.author, message.text];
    return texts.every((text) => typeof text === 'string' && text.length <= MAX_TEXT) ? message : undefined;
  } catch {
    return undefined;
  }
}

function reply(ws, message) {
  if (ws.readyState === ws.OPEN) ws.send(JSON.stringify(message));
}

http.listen(Number(port), '127.0.0.1', () => process.send({ port: http.address().port }));

let isStopping = false;

async function stop() {
  if (isStopping) return;
  isStopping = true;
  await server.shutdown();
  await topics.close();
  http.close();
  // A client that has sent half of a request would keep the process alive.
  http.closeAllConnections();
  if (process.connected) process.disconnect();
}

process.on('SIGTERM', stop);
// The parent process has ended.
process.on('disconnect', stop);
// On Ctrl-C, a terminal sends SIGINT to this process too. Wait for the SIGTERM of the parent process.
process.on('SIGINT', () => {});
