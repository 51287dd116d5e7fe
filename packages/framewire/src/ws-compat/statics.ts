// What hangs on the class of `ws`: the states, all that the module exports, and the server by its other name.
import { createWebSocketStream, WebSocketConnection } from '@framewire/connection';
import { compressionStatistics } from '@framewire/permessage-deflate';
import * as extension from './extension.ts';
import { PerMessageDeflate } from './per-message-deflate.ts';
import { Receiver } from './receiver.ts';
import { Sender } from './sender.ts';
import * as subprotocol from './subprotocol.ts';

/** Hangs them on the class that `require()` gives. Its types declare them. */
export function hangStaticsOn(WebSocket: object, WebSocketServer: object): void {
  // Its own, though the base class has them: so they are listed, and cannot be changed.
  for (const state of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const) {
    Object.defineProperty(WebSocket, state, { value: WebSocketConnection[state], enumerable: true });
  }
  Object.assign(WebSocket, {
    compressionStatistics,
    createWebSocketStream,
    extension,
    PerMessageDeflate,
    Receiver,
    Sender,
    Server: WebSocketServer,
    subprotocol,
    WebSocket,
    WebSocketServer,
  });
}
