// The public surface of the client.
export type { ClientOptions } from './options.ts';
export { WebSocket, type Subprotocols } from './websocket.ts';
