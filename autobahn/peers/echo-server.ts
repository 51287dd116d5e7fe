/** A server that echoes, with one of the stacks of this workspace. Prints its port, and ends when its standard input ends. */

import { WebSocketServer as FramewireServer } from 'framewire';
import { WebSocketServer as WsServer } from 'ws';

const [stack, deflate] = process.argv.slice(2);
const options = { port: 0, host: '127.0.0.1', ...(deflate === 'deflate' ? { perMessageDeflate: true } : {}) };

if (stack === 'ws') {
  const server = new WsServer(options);
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  server.on('listening', () => printPort(server.address()));
} else {
  const server = new FramewireServer(options);
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  server.on('listening', () => printPort(server.address()));
}

process.stdin.resume().once('end', () => process.exit());

function printPort(address: string | { port: number } | null): void {
  if (address !== null && typeof address === 'object') console.log(address.port);
}
