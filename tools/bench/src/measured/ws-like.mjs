// The server of framewire and of ws: the same program, only the import differs.
import { createServer } from 'node:https';
import process from 'node:process';
import { messageHandler } from './behaviour.mjs';
import { serveDriver, task } from './control.mjs';

// Not to be without, and be called with.
if (task.bufferutil) await import('bufferutil');
const { WebSocketServer } = await import(task.library);

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

const common = { maxPayload: 128 * 1024 * 1024, perMessageDeflate: compression() };
const where = { host: '127.0.0.1', port: 0, backlog: 4096 };
const secure = task.tls ? createServer(task.tls) : undefined;
const server = new WebSocketServer(secure ? { ...common, server: secure } : { ...common, ...where });
const onMessage = messageHandler((ws, data, binary) => ws.send(data, { binary }), server.clients);

server.on('connection', (ws) => {
  ws.on('message', (data, isBinary) => onMessage(ws, data, isBinary));
  // A client that goes without a close frame ends a turn of the benchmark, and is no news.
  ws.on('error', () => {});
});

secure?.listen(where);
(secure ?? server).once('listening', () => {
  serveDriver({ port: server.address().port, runtime: `Node ${process.versions.node}` });
});
