// The umbrella package: the client's WebSocket and the server, with the exports of `ws`.
import * as exported from './exports.ts';
import { addStatics } from './ws-compat/statics.ts';
import { WebSocket } from './websocket.ts';

addStatics(WebSocket, { ...exported, Server: exported.WebSocketServer });

export * from './exports.ts';
export default WebSocket;
// What `require()` of this module returns (Node's interoperability with ECMAScript modules).
export { WebSocket as 'module.exports' };
