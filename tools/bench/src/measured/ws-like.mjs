// The server of framewire and of ws: the same program, only the import differs.
import { createServer } from 'node:https';
import process from 'node:process';
import { messageHandler } from './behaviour.mjs';
import { serveDriver, task } from './control.mjs';

// Not to be without, and be called with.
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

/** Bytes that a guarded server lets wait for a client. */
const MOST_WAITING = 1024 * 1024;

/**
 * Ours has an option for it. For `ws` its README has a loop, which is below. Both let a client miss some pings, as a busy load generator
 * does.
 */
const MOST_MISSED = 20;
const isOurs = task.library === 'framewire';
const beats = task.heartbeat !== undefined;

const common = {
  maxPayload: 128 * 1024 * 1024,
  perMessageDeflate: compression(),
  ...(beats && isOurs
    ? { heartbeat: { interval: task.heartbeat, timeout: MOST_MISSED * task.heartbeat } }
    : {}),
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

/** To a topic, or with prepared messages, where the library has them; otherwise with a loop of sends. */
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
    ws.missed = 0;
    ws.on('pong', onPong);
  });
  setInterval(() => {
    for (const ws of server.clients) {
      if (ws.missed >= MOST_MISSED) ws.terminate();
      else {
        ws.missed++;
        ws.ping();
      }
    }
  }, task.heartbeat);
}

function onPong() {
  this.missed = 0;
}

server.on('connection', (ws) => {
  void topics?.subscribe(ws, TOPIC);
  ws.on('message', (data, isBinary) => onMessage(ws, data, isBinary));
  // A client that goes without a close frame ends a turn of the benchmark, and is no news.
  ws.on('error', () => {});
});

secure?.listen(where);
(secure ?? server).once('listening', () => {
  serveDriver({ port: server.address().port, runtime: `Node ${process.versions.node}` });
});
