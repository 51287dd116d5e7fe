// The names of the package from a CommonJS program in the syntax of modules.
import WebSocket, { createWebSocketStream, WebSocketServer } from 'ws';
import * as everything from 'ws';

const server = new WebSocketServer({ port: 0 });
server.on('connection', (ws: WebSocket) => createWebSocketStream(ws).resume());
export const client: WebSocket.WebSocket = new WebSocket('ws://127.0.0.1:1/');
export const another = new everything.WebSocket('ws://127.0.0.1:1/');
