// The public surface of the client.
export type { CertMeta, ClientOptions } from './options.ts';
export { requestOf, WebSocket, type Subprotocols } from './websocket.ts';
