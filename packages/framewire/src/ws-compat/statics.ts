// What hangs on the class of `ws`: all that the module exports, and the server by its other name.
import { createWebSocketStream } from '@framewire/connection';
import * as extension from './extension.ts';
import { PerMessageDeflate } from './per-message-deflate.ts';
import { Receiver } from './receiver.ts';
import { Sender } from './sender.ts';
import * as subprotocol from './subprotocol.ts';

/** Hangs them on the class that `require()` gives. Its types declare them. */
export function hangStaticsOn(WebSocket: object, WebSocketServer: object): void {
  Object.assign(WebSocket, {
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
