// The named exports, in one list for `import` and for the statics of the class that `require()` returns.
export { createWebSocketStream, PreparedMessage } from '@framewire/connection';
export { createRefusal, formatRefusal, UpgradeRefusal } from '@framewire/handshake';
export { clientAddress } from '@framewire/server';
export { compressionStatistics } from '@framewire/permessage-deflate';
export * as extension from './ws-compat/extension.ts';
export { PerMessageDeflate } from './ws-compat/per-message-deflate.ts';
export { Receiver } from './ws-compat/receiver.ts';
export { Sender } from './ws-compat/sender.ts';
export * as subprotocol from './ws-compat/subprotocol.ts';
export { WebSocketServer } from './websocket-server.ts';
export { WebSocket } from './websocket.ts';
export type * from './types.ts';
