// The named exports in a CommonJS program with module syntax.
import WebSocket, { createWebSocketStream, WebSocketServer } from 'ws';
import * as everything from 'ws';

const server = new WebSocketServer({ port: 0 });
server.on('connection', (ws: WebSocket) => createWebSocketStream(ws).resume());
export const client: WebSocket.WebSocket = new WebSocket('ws://127.0.0.1:1/');
export const another = new everything.WebSocket('ws://127.0.0.1:1/');
