// The public API of the client.
export type { CertMeta, ClientOptions } from './options.ts';
export { requestOf, WebSocket, type Subprotocols } from './websocket.ts';
