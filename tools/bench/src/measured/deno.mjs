// Deno's own WebSocket server.
import { messageHandler } from './behaviour.mjs';
import { serveDriver, task } from './control.mjs';

const { Deno } = globalThis;
const connections = new Set();
const onMessage = messageHandler((ws, data) => ws.send(data), connections);

function onRequest(request) {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => connections.add(socket);
  socket.onclose = () => connections.delete(socket);
  socket.onerror = () => {};
  socket.onmessage = ({ data }) => onMessage(socket, data, typeof data !== 'string');
  return response;
}

const { addr } = Deno.serve(
  { hostname: '127.0.0.1', port: 0, onListen: () => {}, ...(task.tls ?? {}) },
  onRequest,
);

serveDriver({ port: addr.port, runtime: `Deno ${Deno.version.deno}` });
