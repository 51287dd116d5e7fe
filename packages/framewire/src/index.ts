// The umbrella: the client's WebSocket and the server in one, in the shape that programs written for `ws` expect.
import { createWebSocketStream } from '@framewire/connection';
import { compressionStatistics } from '@framewire/permessage-deflate';
import * as extension from './ws-compat/extension.ts';
import { PerMessageDeflate } from './ws-compat/per-message-deflate.ts';
import { Receiver } from './ws-compat/receiver.ts';
import { Sender } from './ws-compat/sender.ts';
import { hangStaticsOn } from './ws-compat/statics.ts';
import * as subprotocol from './ws-compat/subprotocol.ts';
import { WebSocketServer } from './websocket-server.ts';
import { WebSocket } from './websocket.ts';

hangStaticsOn(WebSocket, WebSocketServer);

export {
  compressionStatistics,
  createWebSocketStream,
  extension,
  PerMessageDeflate,
  Receiver,
  Sender,
  subprotocol,
  WebSocket,
  WebSocketServer,
};
export default WebSocket;
// What `require()` of this module gives (Node's interoperability with ECMAScript modules).
export { WebSocket as 'module.exports' };
