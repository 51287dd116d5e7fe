// The cost of an idle connection that Node's HTTP server has upgraded, without a WebSocket: a socket with shared listeners, and an
// EventEmitter with the listeners that a program adds to a WebSocket.
import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import process from 'node:process';
import { acceptingHead } from './accept.mjs';
import { serveDriver } from './control.mjs';

const emitterOf = Symbol('emitterOf');

function onData(chunk) {
  this[emitterOf].emit('message', chunk);
}

function onEnd() {
  this.end();
}

function ignore() {}

/** Echoes a frame of 126 bytes to 64 KiB (RFC 6455 §5.2), unmasked, with the same length in its header. */
function echo(socket, frame) {
  const payload = Buffer.from(frame.subarray(8));
  for (let i = 0; i < payload.length; i++) payload[i] ^= frame[4 + (i & 3)];
  socket.write(Buffer.concat([Buffer.from([frame[0], frame[1] & 0x7f, frame[2], frame[3]]), payload]));
}

const server = createServer().on('upgrade', (request, socket) => {
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.write(acceptingHead(request.headers['sec-websocket-key']));
  const emitter = new EventEmitter();
  socket[emitterOf] = emitter;
  emitter.on('message', (frame) => echo(socket, frame));
  emitter.on('error', () => {});
  socket.on('data', onData).on('error', ignore).on('end', onEnd).on('close', ignore);
});

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  serveDriver({ port: server.address().port, runtime: `Node ${process.versions.node}` });
});
