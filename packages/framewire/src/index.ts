// The umbrella: the client's WebSocket and the server in one, in the shape that programs written for `ws` expect.
import { WebSocketServer } from './websocket-server.ts';
import { WebSocket } from './websocket.ts';

Object.assign(WebSocket, { WebSocket, WebSocketServer, Server: WebSocketServer });

export { WebSocket, WebSocketServer };
export default WebSocket;
// What `require()` of this module gives (Node's interoperability with ECMAScript modules).
export { WebSocket as 'module.exports' };
