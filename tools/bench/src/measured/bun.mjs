// Bun's own WebSocket server. It broadcasts in a loop, or publishes to a topic that all connections subscribe to.
import { messageHandler } from './behaviour.mjs';
import { serveDriver, task } from './control.mjs';

const { Bun, Response } = globalThis;
const TOPIC = 'news';
/** The most bytes that may wait for a client of a guarded server. */
const MOST_WAITING = 1024 * 1024;
const connections = new Set();
const compress = Boolean(task.compression);
const publish = (text) => server.publish(TOPIC, text, compress);
const send = (ws, data) => ws.send(data, compress);
const guarded = (ws, data) => {
  if (ws.getBufferedAmount() > MOST_WAITING) ws.terminate();
  else ws.send(data, compress);
};
const onMessage = messageHandler(
  task.guarded ? guarded : send,
  connections,
  task.publish ? publish : undefined,
);
const context = task.compression?.takeover ? 'dedicated' : 'shared';

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  ...(task.tls ? { tls: task.tls } : {}),
  fetch(request, self) {
    return self.upgrade(request) ? undefined : new Response('', { status: 400 });
  },
  websocket: {
    maxPayloadLength: 128 * 1024 * 1024,
    backpressureLimit: 1024 * 1024 * 1024,
    idleTimeout: 0,
    perMessageDeflate: compress ? { compress: context, decompress: context } : false,
    open(ws) {
      connections.add(ws);
      if (task.publish) ws.subscribe(TOPIC);
    },
    close: (ws) => void connections.delete(ws),
    message: (ws, data) => onMessage(ws, data, typeof data !== 'string'),
  },
});

serveDriver({ port: server.port, runtime: `Bun ${Bun.version}` });
