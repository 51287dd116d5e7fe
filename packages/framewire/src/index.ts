// The umbrella: the client's WebSocket and the server in one, in the shape that programs written for `ws` expect.
export { WebSocket, WebSocket as default } from './websocket.ts';
export { WebSocketServer } from './websocket-server.ts';
