// The floor: the cost of a program that does nothing with the bytes. It answers the upgrade, then writes back what it reads, or writes
// frames that were made in advance.
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import process from 'node:process';
import { setImmediate } from 'node:timers';
import { createServer as createTlsServer } from 'node:tls';
import { acceptingHead, acceptingHeadFor } from './accept.mjs';
import { serveDriver, task } from './control.mjs';
import { newsTexts } from './texts.mjs';

const { behaviour, count = 1, size } = task;
const connections = new Set();
const ready =
  behaviour === 'echo' ? [] : newsTexts(size).map((text) => repeated(textFrame(Buffer.from(text)), count));
let turn = 0;

/** A server's text frame of up to 64 KiB (RFC 6455 §5.2). */
function textFrame(payload) {
  const { length } = payload;
  const header = length < 126 ? [0x81, length] : [0x81, 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), payload]);
}

function repeated(frame, times) {
  return Buffer.concat(Array.from({ length: times }, () => frame));
}

function onData(socket, chunk) {
  if (behaviour === 'echo') {
    socket.write(chunk);
    return;
  }
  setImmediate(() => {
    const bytes = ready[turn++ % ready.length];
    if (behaviour === 'push') socket.write(bytes);
    else for (const other of connections) other.write(bytes);
  });
}

function onConnection(socket) {
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.once('data', (head) => {
    socket.write(acceptingHeadFor(head.toString('latin1')));
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.on('data', (chunk) => onData(socket, chunk));
  });
}

/** Accepts upgrades with Node's HTTP server, and ends the connection at the first byte after the upgrade. */
function bareUpgrades() {
  return createHttpServer().on('upgrade', (request, socket) => {
    socket.on('error', () => {});
    socket.write(acceptingHead(request.headers['sec-websocket-key']));
    // The answer is a close frame: FIN and opcode 8, and the two bytes of code 1000.
    socket.once('data', () => socket.end(Buffer.from([0x88, 2, 0x03, 0xe8])));
  });
}

function floor() {
  if (task.upgrades) return bareUpgrades();
  return task.tls ? createTlsServer(task.tls, onConnection) : createServer(onConnection);
}

const server = floor().listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  serveDriver({ port: server.address().port, runtime: `Node ${process.versions.node}` });
});
