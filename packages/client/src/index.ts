// The public surface of the client.
export type { CertMeta, ClientOptions } from './options.ts';
export { WebSocket, type Subprotocols } from './websocket.ts';
