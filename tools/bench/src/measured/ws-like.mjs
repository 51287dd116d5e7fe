// The server of framewire and of ws: the same program, except for the import, the heartbeat, topics and prepared messages.
import { createServer } from 'node:https';
import process from 'node:process';
import { messageHandler } from './behaviour.mjs';
import { serveDriver, task } from './control.mjs';

// If the peer must use bufferutil and it is not installed, this fails.
if (task.bufferutil) await import('bufferutil');
const { PreparedMessage, WebSocketServer } = await import(task.library);
const TOPIC = 'news';
const topics =
  task.topics && task.library === 'framewire' ? new (await import('@framewire/topics')).Topics() : undefined;

function compression() {
  if (!task.compression) return false;
  const { takeover, level } = task.compression;
  return {
    threshold: 0,
    serverNoContextTakeover: !takeover,
    clientNoContextTakeover: !takeover,
    ...(level === undefined ? {} : { zlibDeflateOptions: { level } }),
  };
}

/** The most bytes that may wait for a client of a guarded server. */
const MOST_WAITING = 1024 * 1024;

// framewire has an option for the heartbeat. For `ws`, the loop below does what the loop in its README does. Both end a client that has not
// answered when the next ping is due.
const isOurs = task.library === 'framewire';
const beats = task.heartbeat !== undefined;

const common = {
  maxPayload: 128 * 1024 * 1024,
  perMessageDeflate: compression(),
  ...(beats && isOurs ? { heartbeat: { interval: task.heartbeat, timeout: task.heartbeat } } : {}),
};
const where = { host: '127.0.0.1', port: 0, backlog: 4096 };
const secure = task.tls ? createServer(task.tls) : undefined;
const server = new WebSocketServer(secure ? { ...common, server: secure } : { ...common, ...where });
const onMessage = messageHandler(task.guarded ? guarded : send, server.clients, sendToAll());

function send(ws, data, binary) {
  ws.send(data, { binary });
}

function guarded(ws, data, binary) {
  if (ws.bufferedAmount > MOST_WAITING) ws.terminate();
  else ws.send(data, { binary });
}

/** A function that publishes to a topic or sends prepared messages, if the task says so and the library has them. Otherwise undefined. */
function sendToAll() {
  if (topics !== undefined) return (text) => topics.publish(TOPIC, text);
  if (!task.prepared || PreparedMessage === undefined) return undefined;
  return (text) => {
    const message = new PreparedMessage(text);
    for (const ws of server.clients) ws.send(message);
  };
}

if (beats && !isOurs) {
  server.on('connection', (ws) => {
    ws.isAlive = true;
    ws.on('pong', onPong);
  });
  setInterval(() => {
    for (const ws of server.clients) {
      if (ws.isAlive) {
        ws.isAlive = false;
        ws.ping();
      } else ws.terminate();
    }
  }, task.heartbeat);
}

function onPong() {
  this.isAlive = true;
}

/** Resolves when every connection has closed. */
async function allClosed() {
  for (const ws of server.clients) await new Promise((resolve) => ws.once('close', resolve));
}

server.on('connection', (ws) => {
  void topics?.subscribe(ws, TOPIC);
  ws.on('message', (data, isBinary) => onMessage(ws, data, isBinary));
  // At the end of a turn, clients disconnect without a close frame.
  ws.on('error', () => {});
});

secure?.listen(where);
(secure ?? server).once('listening', () => {
  serveDriver({ port: server.address().port, runtime: `Node ${process.versions.node}` }, { allClosed });
});
